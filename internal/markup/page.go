package markup

import (
	"bufio"
	"encoding/base64"
	"errors"
	"io"
)

// Page writes one document. The first error of its writer is kept: see Close.
type Page struct {
	out  *bufio.Writer
	open []Tag
}

// Begin writes the head of a page in English, with its title and policy. What follows is
// its body. signature is a comment behind the first line, by which a file is known.
func Begin(w io.Writer, signature, title string, style, script Asset) *Page {
	p := &Page{out: bufio.NewWriterSize(w, 64<<10)}
	p.raw("<!DOCTYPE html>\n<!-- ", Escaped(signature), " -->\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
	p.raw(`<meta http-equiv="Content-Security-Policy" content="`, escapes.Replace(policy(style, script)), "\">\n")
	p.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
	p.raw("<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n")
	p.raw("<title>", Escaped(title), "</title>\n<style>", style.text, "</style>\n</head>\n<body>\n")
	return p
}

// Start begins an element.
func (p *Page) Start(t Tag, attrs ...Attr) {
	p.raw("<", t.name)
	for _, a := range attrs {
		p.raw(" ", a.name, `="`, Escaped(a.value), `"`)
	}
	p.raw(">")
	if !t.void {
		p.open = append(p.open, t)
	}
}

// End ends the element that was begun last.
func (p *Page) End() {
	last := len(p.open) - 1
	p.raw("</", p.open[last].name, ">")
	if p.open = p.open[:last]; last < 4 {
		p.raw("\n")
	}
}

// Text writes text into the element that was begun last.
func (p *Page) Text(text string) { p.raw(Escaped(text)) }

// Element writes an element with a text.
func (p *Page) Element(t Tag, text string, attrs ...Attr) {
	p.Start(t, attrs...)
	if !t.void {
		p.Text(text)
		p.End()
	}
}

// Bytes writes data that the script can read and the page does not show, as base64.
func (p *Page) Bytes(id string, data []byte) {
	p.raw(`<script type="text/plain" id="`, Escaped(id), `">`)
	encoder := base64.NewEncoder(base64.StdEncoding, p.out)
	_, _ = encoder.Write(data) // the writer below keeps the error
	_ = encoder.Close()
	p.raw("</script>\n")
}

// Close writes the script and the end of the page. It returns the first error of the
// writer, or one if an element is still open.
func (p *Page) Close(script Asset) error {
	if len(p.open) > 0 {
		return errors.New("markup: " + p.open[len(p.open)-1].name + " has no end")
	}
	p.raw("<script>", script.text, "</script>\n</body>\n</html>\n")
	return p.out.Flush()
}

func (p *Page) raw(parts ...string) {
	for _, part := range parts {
		_, _ = p.out.WriteString(part) // it keeps the error
	}
}
