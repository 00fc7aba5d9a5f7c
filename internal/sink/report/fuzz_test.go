package report

import (
	"encoding/json"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// elements are all that a page may have. Of script there are two: the packed events and
// the program.
var elements = map[string]bool{
	"html": true, "head": true, "meta": true, "title": true, "style": true, "body": true, "script": true,
	"header": true, "main": true, "section": true, "nav": true, "article": true, "footer": true, "h1": true, "h2": true, "h3": true,
	"p": true, "a": true, "span": true, "strong": true, "code": true, "div": true, "ul": true, "li": true, "dl": true, "dt": true, "dd": true,
	"details": true, "summary": true, "table": true, "caption": true, "thead": true, "tbody": true, "tr": true, "th": true, "td": true,
	"button": true, "input": true, "label": true, "svg": true, "rect": true, "line": true, "text": true,
}

// FuzzPage puts a text wherever an event has text that somebody else chose. The page has
// only elements and attributes that it should have, and its events can be read.
func FuzzPage(f *testing.F) {
	for _, seed := range []string{
		"nginx", "</script><script>alert(1)</script>", `" onmouseover="alert(1)`, "'><svg onload=alert(1)>", "<!--", "-->", "]]>", "\x1b[31mred\x00", "\u202eevil", "\xff\xfe", `\u003c/script>`, "a\"b\\c", "\u2028",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		events := fixture.Events()
		for _, e := range events {
			poison(e, text)
		}
		page := write(t, Options{Title: text, Version: text, Sources: []string{text}}, events)
		root, err := html.Parse(strings.NewReader(page))
		must(t, err)
		scripts := 0
		for n := range root.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			if !elements[n.Data] {
				t.Errorf("%q makes an element %s", text, n.Data)
			}
			if n.Data == "script" {
				scripts++
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
					t.Errorf("%q makes an attribute %s=%q of %s", text, a.Key, a.Val, n.Data)
				}
			}
		}
		if scripts != 2 {
			t.Errorf("%q makes %d scripts", text, scripts)
		}
		for _, s := range unpack(t, page).Strings {
			for _, r := range s {
				if r < ' ' || r == 0x7f || r == '\u202e' || r == '\u2028' {
					t.Errorf("%q leaves %U in the events", text, r)
				}
			}
		}
	})
}

func poison(e *event.Event, text string) {
	e.Cause, e.Dir, e.Certainty = event.CauseID(text), event.Dir(text), event.Certainty(text)
	e.Summary, e.Remedy, e.Because = text, text, []string{text}
	e.Owner.Comm, e.Owner.Container, e.Owner.Unit, e.Owner.Pod, e.Owner.Cmdline = text, text, text, text, text
	e.Owner.Others = []event.ProcessRef{{Comm: text}}
	e.Initiator = event.Initiator{ProcessRef: event.ProcessRef{PID: 1, Comm: text}}
	e.Netns.Name, e.Hook, e.KernelReason, e.App.Errno = text, text, text, text
	if len(text) > 0 && e.Local.Addr.Is6() {
		e.Local.Addr = e.Local.Addr.WithZone(text)
	}
}

// FuzzQuoted: what is written as a string of JSON is read as the printable text.
func FuzzQuoted(f *testing.F) {
	for _, seed := range []string{"", `a"b\c`, "\x00\x1f\x7f", "\xff", "ünïcode", "\u2028", `\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got string
		if err := json.Unmarshal(appendQuoted(nil, text), &got); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if want := clip(text); len(want) < nameMax && got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
	})
}
