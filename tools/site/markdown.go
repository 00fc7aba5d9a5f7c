package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdown reads what GitHub reads. A style in the page would be against its policy, so
// cells have attributes.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.Strikethrough, extension.Linkify, extension.TaskList,
		extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute))),
	goldmark.WithParserOptions(parser.WithAutoHeadingID()),
	goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(parts{}, 1))),
)

// parse reads a page, without its links.
func parse(name string, source []byte) (*page, error) {
	p := &page{name: name, url: urlOf(name), source: source}
	context := parser.NewContext(parser.WithIDs(&anchors{used: make(map[string]bool)}))
	p.document = markdown.Parser().Parse(text.NewReader(source), parser.WithContext(context))
	err := ast.Walk(p.document, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		h, isHeading := node.(*ast.Heading)
		if !entering || !isHeading {
			return ast.WalkContinue, nil
		}
		id, _ := h.AttributeString("id")
		anchor, _ := id.([]byte)
		p.headings = append(p.headings, heading{h.Level, string(anchor), plain(h, source)})
		return ast.WalkSkipChildren, nil
	})
	if err != nil {
		return nil, err
	}
	if len(p.headings) == 0 || p.headings[0].Level != 1 {
		return nil, fmt.Errorf("%s: a page begins with its title: # Title", name)
	}
	p.title = p.headings[0].Text
	return p, nil
}

// second lists the headings below the title, for the contents of the page.
func (p *page) second() (all []heading) {
	for _, h := range p.headings {
		if h.Level == 2 {
			all = append(all, h)
		}
	}
	return all
}

// render writes a page, and leads its links to where they belong on the site.
func (s *site) render(p *page) (string, error) {
	err := ast.Walk(p.document, func(node ast.Node, entering bool) (_ ast.WalkStatus, err error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := node.(type) {
		case *ast.Link:
			var to string
			to, err = s.target(p, string(n.Destination))
			n.Destination = []byte(to)
		case *ast.Image:
			var to string
			to, err = s.target(p, string(n.Destination))
			n.Destination = []byte(to)
		}
		return ast.WalkContinue, err
	})
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = markdown.Renderer().Render(&out, p.source, p.document)
	return out.String(), err
}

// anchors names headings as GitHub does.
type anchors struct{ used map[string]bool }

var notInAnchors = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// Generate is part of parser.IDs.
func (a *anchors) Generate(value []byte, _ ast.NodeKind) []byte {
	name := strings.ReplaceAll(notInAnchors.ReplaceAllString(strings.ToLower(string(value)), ""), " ", "-")
	free := name
	for i := 1; a.used[free]; i++ {
		free = name + "-" + strconv.Itoa(i)
	}
	a.used[free] = true
	return []byte(free)
}

// Put is part of parser.IDs.
func (a *anchors) Put(value []byte) { a.used[string(value)] = true }

// plain is the text of a node, without marks.
func plain(node ast.Node, source []byte) string {
	var out strings.Builder
	_ = ast.Walk(node, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // it never fails
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			out.Write(n.Segment.Value(source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				out.WriteByte(' ')
			}
		case *ast.String:
			out.Write(n.Value)
		case *ast.RawHTML: // the end of a line
			out.WriteByte(' ')
		case *ast.AutoLink:
			out.Write(n.Label(source))
		}
		return ast.WalkContinue, nil
	})
	return out.String()
}
