package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/internal/browsertest"
)

// served gives the site an address on this host. Only what is in it may be asked for.
func served(t *testing.T) (address string, within func(string) bool) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "site")
	if err := write(root, folder); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(folder)))
	t.Cleanup(server.Close)
	return server.URL + "/", func(url string) bool { return strings.HasPrefix(url, server.URL+"/") }
}

const foundCount = "document.querySelectorAll('#found a').length"

// TestSearch: the index is asked for when somebody searches, and finds sections.
func TestSearch(t *testing.T) {
	b := browsertest.Start(t)
	address, within := served(t)
	b.Open(address + "docs/testing.html")
	if browsertest.Eval[bool](b, "'searchIndex' in globalThis") {
		t.Error("the index is loaded before somebody searches")
	}
	browsertest.Eval[any](b, "document.querySelector('input').focus()")
	b.Call("Input.insertText", map[string]any{"text": "Keep-alive RACE"}, nil)
	b.Until(foundCount + " > 0")
	if browsertest.Eval[bool](b, "![...document.querySelectorAll('#found a')].every(a => /keep-alive|race/i.test(a.textContent))") {
		t.Error("a place is shown without a word")
	}
	saved(t, b, "search", "light", 0)
	b.Key("ArrowDown")
	if !browsertest.Eval[bool](b, "document.activeElement === document.querySelector('#found a')") {
		t.Error("the arrow does not lead to the first place")
	}
	for text, want := range map[string]string{
		"closed-port":        "/docs/causes.html#closed-port",
		"nosuchwordanywhere": "",
		"<img src=x>":        "",
		"ttrace":             "", // inside of a word
		"waits.mean(":        "",
	} {
		browsertest.Eval[any](b, "{const i = document.querySelector('input'); i.value = "+quoted(text)+"; i.dispatchEvent(new Event('input'))}")
		got := browsertest.Eval[string](b, "document.querySelector('#found a')?.href ?? ''")
		if !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%q leads to %q, want %q", text, got, want)
		}
	}
	b.Quiet(within)
}

func quoted(text string) string { return "`" + text + "`" }

// TestSearchFromDisk: the site works without a server, too.
func TestSearchFromDisk(t *testing.T) {
	b := browsertest.Start(t)
	folder := t.TempDir()
	if err := write(root, filepath.Join(folder, "site")); err != nil {
		t.Fatal(err)
	}
	address := "file://" + folder + "/site/"
	b.Open(address + "docs/filters.html")
	browsertest.Eval[any](b, "document.querySelector('input').focus()")
	b.Call("Input.insertText", map[string]any{"text": "filter"}, nil)
	b.Until(foundCount + " > 0")
	b.Quiet(func(url string) bool { return strings.HasPrefix(url, address) })
}

// TestWithoutScript: pages are whole, and what needs a script is not shown.
func TestWithoutScript(t *testing.T) {
	b := browsertest.Start(t)
	b.Call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	address, within := served(t)
	b.Open(address)
	if browsertest.Eval[bool](b, "document.querySelector('form').checkVisibility()") {
		t.Error("a search is shown that does nothing")
	}
	if got := browsertest.Eval[int](b, "[...document.querySelectorAll('nav a')].filter(a => a.checkVisibility()).length"); got < 15 {
		t.Errorf("the navigation has %d links", got)
	}
	b.Quiet(within)
}

// TestLook: on each page, text can be read in light and dark, nothing is wider than the
// window, and the browser has nothing to say.
func TestLook(t *testing.T) {
	b := browsertest.Start(t)
	address, within := served(t)
	s, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range s.order() {
		url := s.pages[name].url
		for _, scheme := range []string{"light", "dark"} {
			b.Media(scheme)
			b.Resize(1280)
			b.Open(address + url)
			if low := browsertest.Eval[[]string](b, browsertest.LowContrast); len(low) > 0 {
				t.Errorf("%s, %s: too little contrast: %v", url, scheme, low)
			}
			for _, width := range []int{1280, 800, 390} {
				b.Resize(width)
				if got := browsertest.Eval[int](b, "document.documentElement.scrollWidth"); got > width {
					t.Errorf("%s is %d wide in a window of %d", url, got, width)
				}
				saved(t, b, url, scheme, width)
			}
			b.Quiet(within)
		}
	}
}

// saved keeps a picture for people, if a folder is named for that.
func saved(t *testing.T, b *browsertest.Browser, url, scheme string, width int) {
	t.Helper()
	folder := os.Getenv("RSTTRACE_PICTURES")
	if folder == "" {
		return
	}
	picture := b.Picture()
	name := fmt.Sprintf("%s-%s-%d.png", strings.NewReplacer("/", "-", ".html", "").Replace(url), scheme, width)
	if err := os.WriteFile(filepath.Join(folder, name), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}
