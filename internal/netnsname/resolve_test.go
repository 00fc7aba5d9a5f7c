package netnsname

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestResolve(t *testing.T) {
	link, err := os.Readlink("/proc/self/ns/net") // net:[4026531840]
	if err != nil {
		t.Fatal(err)
	}
	var own uint32
	if _, err := fmt.Sscanf(link, "net:[%d]", &own); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"own", "/proc/self/ns/net", fmt.Sprintf("/proc/%d/ns/net", os.Getpid()), fmt.Sprint(own)} {
		if got, err := Resolve(text); err != nil || got != own {
			t.Errorf("%q is %d, %v, want %d", text, got, err, own)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"":                "empty",
		"no-such-netns":   "there is no /run/netns/no-such-netns",
		"0":               "there is no /run/netns/0",
		file:              "is no network namespace",
		"/proc/self/nope": "there is no /proc/self/nope",
	} {
		if _, err := Resolve(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
