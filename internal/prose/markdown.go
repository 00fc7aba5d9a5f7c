package prose

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// Text is a piece of prose: a paragraph, an item of a list, a cell of a table.
type Text struct {
	Prose string // code is one word, code
	// Fragment: a heading or a short cell need not be a sentence, and is not
	// counted as one. Phrases are forbidden there, too.
	Fragment bool
}

// sentenceWords is from where on a cell of a table is a sentence. Below, it is
// data: a sentence of a few words would only make the average better.
const sentenceWords = 8

// generated is what a program writes into a page that a person wrote.
var generated = regexp.MustCompile(`(?s)<!-- results: begin.*?<!-- results: end -->`)

// Markdown returns the prose of a page: no code blocks, no comments, and
// nothing that a program wrote.
func Markdown(source []byte) []Text {
	source = generated.ReplaceAll(source, nil)
	page := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser().Parse(text.NewReader(source))
	var texts []Text
	// The visitor never fails.
	_ = ast.Walk(page, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch node.Kind() {
		case ast.KindParagraph, ast.KindTextBlock:
			texts = append(texts, Text{Prose: words(node, source)})
		case ast.KindHeading:
			texts = append(texts, Text{words(node, source), true})
		case tables.KindTableCell:
			prose := words(node, source)
			texts = append(texts, Text{prose, len(strings.Fields(prose)) < sentenceWords})
		default:
			return ast.WalkContinue, nil
		}
		return ast.WalkSkipChildren, nil
	})
	return texts
}

// words is the text of a node in one line.
func words(node ast.Node, source []byte) string {
	var prose bytes.Buffer
	_ = ast.Walk(node, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.CodeSpan:
			prose.WriteString("code")
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			prose.Write(n.Segment.Value(source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				prose.WriteByte(' ')
			}
		case *ast.String:
			prose.Write(n.Value)
		}
		return ast.WalkContinue, nil
	})
	return strings.Join(strings.Fields(prose.String()), " ")
}
