package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
)

func TestPagesAreUpToDate(t *testing.T) {
	all, err := pages(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range all {
		got, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("docs/%s is stale: make docs writes it anew", name)
		}
	}
}

func TestEveryCauseHasAPage(t *testing.T) {
	page := causesPage()
	for entry := range cause.All() {
		if !strings.Contains(page, "\n### "+string(entry.ID)+"\n") {
			t.Errorf("%s is not on the page", entry.ID)
		}
	}
}

func TestProse(t *testing.T) {
	for text, want := range map[string]string{
		"[R.] in __tcp_close": "[R.] in __tcp_close",
		"TCP_LINGER2 < 0":     "TCP_LINGER2 &lt; 0",
		"`a < b` * c":         "`a < b` \\* c",
	} {
		if got := prose(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	if got, want := cell("a|b"), `a\|b`; got != want {
		t.Errorf("cell: %q, want %q", got, want)
	}
}
