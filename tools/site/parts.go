package main

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"regexp"

	"github.com/yuin/goldmark/ast"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// parts writes what looks different here than in plain HTML.
type parts struct{}

// RegisterFuncs says which parts it writes.
func (parts) RegisterFuncs(to renderer.NodeRendererFuncRegisterer) {
	to.Register(ast.KindHeading, headingPart)
	to.Register(ast.KindFencedCodeBlock, codePart)
	to.Register(ast.KindCodeBlock, codePart)
	to.Register(ast.KindHTMLBlock, markupPart)
	to.Register(ast.KindRawHTML, markupPart)
	to.Register(tables.KindTable, tablePart)
}

// headingPart adds a link to the heading itself.
func headingPart(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	h := node.(*ast.Heading)
	id, _ := h.AttributeString("id")
	if entering {
		fmt.Fprintf(w, "<h%d id=\"%s\">", h.Level, id)
		return ast.WalkContinue, nil
	}
	if h.Level > 1 {
		fmt.Fprintf(w, ` <a class="anchor" href="#%s" aria-label="Link to %s">#</a>`, id, html.EscapeString(plain(h, source)))
	}
	fmt.Fprintf(w, "</h%d>\n", h.Level)
	return ast.WalkContinue, nil
}

// remark is a comment of a shell or of YAML at the end of a line, or alone in it.
var remark = regexp.MustCompile(`(^|\s)(# .*)$`)

// codePart writes code. Comments step back. A language other than shell has its own
// marks, which stay as they are.
func codePart(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	language := ""
	if fenced, ok := node.(*ast.FencedCodeBlock); ok {
		language = string(fenced.Language(source))
	}
	fmt.Fprint(w, "<pre tabindex=\"0\"><code>")
	for i := range node.Lines().Len() {
		segment := node.Lines().At(i)
		line := bytes.TrimRight(segment.Value(source), "\n")
		at := remark.FindSubmatchIndex(line)
		if at == nil || language != "" && language != "sh" && language != "yaml" && language != "bash" {
			fmt.Fprint(w, html.EscapeString(string(line))+"\n")
			continue
		}
		fmt.Fprintf(w, "%s<span class=\"remark\">%s</span>\n", html.EscapeString(string(line[:at[4]])), html.EscapeString(string(line[at[4]:])))
	}
	fmt.Fprint(w, "</code></pre>\n")
	return ast.WalkSkipChildren, nil
}

var errMarkup = errors.New("the page has HTML, which the site does not pass on: write it in Markdown")

// markupPart leaves out comments, and refuses all other HTML except the end of a line in
// a cell, which Markdown cannot write.
func markupPart(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	var content []byte
	switch n := node.(type) {
	case *ast.HTMLBlock:
		content = n.Lines().Value(source)
	case *ast.RawHTML:
		content = n.Segments.Value(source)
	}
	switch {
	case !entering || bytes.HasPrefix(bytes.TrimSpace(content), []byte("<!--")):
	case string(content) == "<br>":
		fmt.Fprint(w, "<br>")
	default:
		return ast.WalkStop, errMarkup
	}
	return ast.WalkSkipChildren, nil
}

// tablePart lets a wide table move in its own frame, and not the page.
func tablePart(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	const many = 5 // columns: such a table is a matrix, and its cells are short
	if entering {
		class := "table"
		if len(node.(*tables.Table).Alignments) >= many {
			class = "table matrix"
		}
		fmt.Fprintf(w, "<div class=\"%s\" tabindex=\"0\"><table>\n", class)
	} else {
		fmt.Fprint(w, "</table></div>\n")
	}
	return ast.WalkContinue, nil
}
