package main

import (
	"bytes"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

const root = "../.."

func built(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := build(root)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// element is one of a page.
type element struct {
	name       string
	attributes map[string]string
}

func elements(t *testing.T, page []byte) (all []element) {
	t.Helper()
	document, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for node := range document.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		e := element{node.Data, make(map[string]string)}
		for _, a := range node.Attr {
			e.attributes[a.Key] = a.Val
		}
		all = append(all, e)
	}
	return all
}

// TestLinksLeadSomewhere: every link inside the site has its page, picture and heading.
// Links to elsewhere are links only: nothing is loaded from there.
func TestLinksLeadSomewhere(t *testing.T) {
	files := built(t)
	ids := make(map[string]map[string]bool)
	for name, content := range files {
		if path.Ext(name) != ".html" {
			continue
		}
		ids[name] = make(map[string]bool)
		for _, e := range elements(t, content) {
			id := e.attributes["id"]
			if id != "" && ids[name][id] {
				t.Errorf("%s has two of the id %s", name, id)
			}
			ids[name][id] = true
		}
	}
	internal := 0
	for name := range ids {
		for _, e := range elements(t, files[name]) {
			for _, attribute := range []string{"href", "src"} {
				to, found := e.attributes[attribute]
				if !found {
					continue
				}
				if strings.Contains(to, "://") {
					if e.name != "a" {
						t.Errorf("%s loads %s", name, to)
					}
					continue
				}
				internal++
				file, fragment, _ := strings.Cut(to, "#")
				target := name
				if file != "" {
					target = path.Join(path.Dir(name), file)
				}
				if files[target] == nil || fragment != "" && !ids[target][fragment] {
					t.Errorf("%s: %s leads nowhere", name, to)
				}
			}
		}
	}
	const least = 500
	if internal < least {
		t.Errorf("only %d links are inside the site", internal)
	}
}

// TestPolicy: no page has a style or a script of its own, and all have the strict policy.
func TestPolicy(t *testing.T) {
	const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
	for name, content := range built(t) {
		if path.Ext(name) != ".html" {
			continue
		}
		strict := false
		for _, e := range elements(t, content) {
			strict = strict || e.attributes["http-equiv"] == "Content-Security-Policy" && e.attributes["content"] == policy
			if e.name == "style" || e.name == "script" && e.attributes["src"] == "" || e.attributes["style"] != "" {
				t.Errorf("%s: <%s> has a style or a script of its own", name, e.name)
			}
			for attribute := range e.attributes {
				if strings.HasPrefix(attribute, "on") {
					t.Errorf("%s: <%s %s>", name, e.name, attribute)
				}
			}
		}
		if !strict {
			t.Errorf("%s has another policy", name)
		}
	}
}

// TestSameBytes: the same tree gives the same site.
func TestSameBytes(t *testing.T) {
	once, again := built(t), built(t)
	if !slices.Equal(slices.Sorted(maps.Keys(once)), slices.Sorted(maps.Keys(again))) {
		t.Fatal("other files")
	}
	for name := range once {
		if !bytes.Equal(once[name], again[name]) {
			t.Errorf("%s differs", name)
		}
	}
}

// TestEachPageCanBeReached: by the navigation of the first page, and by the search.
func TestEachPageCanBeReached(t *testing.T) {
	files := built(t)
	linked := make(map[string]bool)
	for _, e := range elements(t, files["index.html"]) {
		linked[e.attributes["href"]] = true
	}
	for name := range files {
		if path.Ext(name) == ".html" && !linked[name] {
			t.Errorf("no link leads from the first page to %s", name)
		}
		if path.Ext(name) == ".html" && !bytes.Contains(files["search.js"], []byte(`["`+name+`",`)) {
			t.Errorf("the search does not know %s", name)
		}
	}
}

func TestBetween(t *testing.T) {
	for _, test := range []struct{ from, to, want string }{
		{"index.html", "docs/a.html", "docs/a.html"},
		{"docs/a.html", "docs/b.html", "b.html"},
		{"docs/a.html", "index.html", "../index.html"},
		{"test/vm/index.html", "test/a.html", "../a.html"},
		{"test/vm/index.html", "docs/pictures/a.png", "../../docs/pictures/a.png"},
		{"docs/a.html", "docs/pictures/a.png", "pictures/a.png"},
	} {
		if got := between(test.from, test.to); got != test.want {
			t.Errorf("from %s to %s: %s, want %s", test.from, test.to, got, test.want)
		}
	}
}

// TestMistakes: what the site cannot show is an error, and not left out.
func TestMistakes(t *testing.T) {
	for source, want := range map[string]string{
		"no title":                  "begins with its title",
		"# A\n[b](no-such-page.md)": "leads nowhere",
		"# A\n<div>b</div>":         "HTML",
		"# A\nb <img src=x>":        "HTML",
	} {
		p, err := parse("docs/a.md", []byte(source))
		if err == nil {
			_, err = (&site{root: root, pages: map[string]*page{"docs/a.md": p}}).render(p)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", source, err, want)
		}
	}
}
