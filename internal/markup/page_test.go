package markup

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

const hostile = "</script><script>alert(1)</script>\"' onload=x <!-- \x1b[31m \u202e & \xff 124 057"

func written(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	style, script := NewAsset("p { color: red; }"), NewAsset("let a = 1 < 2 && 3 > 2;")
	p := Begin(&out, text, text, style, script)
	p.Start(Main, ID.Is(text), Class.Is(text))
	p.Element(Link, text, To(text))
	p.Element(Input, text, Value.Is(text))
	p.Start(SVG, ARIALabel.Is(text))
	p.Element(Title, text)
	p.End()
	p.Text(text)
	p.End()
	p.Bytes(text, []byte(text))
	if err := p.Close(script); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// shapeOf lists the elements of a document with the names of their attributes.
func shapeOf(t *testing.T, page string) (shape []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		switch n.Type {
		case html.ElementNode:
			names := []string{n.Data}
			for _, a := range n.Attr {
				names = append(names, a.Key)
			}
			shape = append(shape, strings.Join(names, " "))
		case html.CommentNode:
			shape = append(shape, "comment")
		}
	}
	return shape
}

// TestNothingIsInjected: whatever the text, the document has the same elements.
func TestNothingIsInjected(t *testing.T) {
	want := strings.Join(shapeOf(t, written(t, "plain")), "\n")
	if got := strings.Join(shapeOf(t, written(t, hostile)), "\n"); got != want {
		t.Errorf("a hostile text makes\n%s\nwant\n%s", got, want)
	}
}

// FuzzText is TestNothingIsInjected for any text, and the text comes back.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "plain", hostile, "--><svg/onload=1>", "a\x00b", "]]>", "&lt;", "`${x}`", "1 000 000", "\u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		page := written(t, text)
		want := strings.Join(shapeOf(t, written(t, "plain")), "\n")
		if got := strings.Join(shapeOf(t, page), "\n"); got != want {
			t.Errorf("%q makes\n%s\nwant\n%s", text, got, want)
		}
		for _, r := range page {
			if r < ' ' && r != '\n' || r == 0x7f || r == '\u202e' {
				t.Errorf("%q leaves the character %U", text, r)
			}
		}
		root, err := html.Parse(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		for n := range root.Descendants() {
			if n.Type == html.ElementNode && n.Data == "a" && n.FirstChild != nil && n.FirstChild.Data != html.UnescapeString(Escaped(text)) {
				t.Errorf("%q is read as %q", text, n.FirstChild.Data)
			}
		}
	})
}

func TestUnbroken(t *testing.T) {
	for text, want := range map[string]string{
		"124 057 bytes": "124\u00a0057 bytes", "1 000 000": "1\u00a0000\u00a0000", "port 80 443": "port 80\u00a0443", "12 3456": "12 3456", "in 10 ms": "in 10 ms", "a 123": "a 123", "1 23": "1 23",
	} {
		if got := Escaped(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestAssets: what would end its own element is refused, however it is written.
func TestAssets(t *testing.T) {
	for _, text := range []string{"</SCRIPT>", "a </style >", "<!--", "<Script"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was taken", text)
				}
			}()
			NewAsset(text)
		}()
	}
}

// TestPolicy compares the digests with those of openssl dgst -sha256 -binary | base64.
func TestPolicy(t *testing.T) {
	page := written(t, "x")
	const want = `<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;sha256-pckGv9YvNcB5xy+Y4fbqhyo+ib850wyiuWeNbZvLi00=&#39;; ` +
		`script-src &#39;sha256-2KrQeszhIFwrTnT8fJzCI9y4MWrFu/QYZmecgAwiFkk=&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;">`
	if !strings.Contains(page, want) {
		t.Errorf("no policy in\n%s", page)
	}
	if strings.Index(page, "Content-Security-Policy") > strings.Index(page, "<style>") {
		t.Error("the policy comes behind the style")
	}
}

// TestOpenElement: a forgotten end is an error.
func TestOpenElement(t *testing.T) {
	none := NewAsset("")
	p := Begin(&bytes.Buffer{}, "", "", none, none)
	p.Start(Div)
	if err := p.Close(none); err == nil || !strings.Contains(err.Error(), "div") {
		t.Errorf("error %v", err)
	}
}
