package main

import (
	"encoding/json"
	"strings"

	"github.com/yuin/goldmark/ast"
	tables "github.com/yuin/goldmark/extension/ast"
)

// section is what the search finds: what is below one heading.
type section struct {
	url, page, heading, text string
}

// sections cuts a page at its headings.
func (p *page) sections() (all []section) {
	var text strings.Builder
	end := func() {
		if len(all) > 0 {
			all[len(all)-1].text = strings.Join(strings.Fields(text.String()), " ")
		}
		text.Reset()
	}
	next := 0
	_ = ast.Walk(p.document, func(node ast.Node, entering bool) (ast.WalkStatus, error) { // it never fails
		if !entering {
			return ast.WalkContinue, nil
		}
		switch node.Kind() {
		case ast.KindHeading:
			end()
			h := p.headings[next]
			next++
			url := p.url
			if h.Level > 1 {
				url += "#" + h.Anchor
			}
			all = append(all, section{url: url, page: p.title, heading: h.Text})
		case ast.KindFencedCodeBlock, ast.KindCodeBlock:
			text.Write(node.Lines().Value(p.source))
		case ast.KindParagraph, ast.KindTextBlock, tables.KindTableCell:
			text.WriteString(plain(node, p.source) + " ")
		default:
			return ast.WalkContinue, nil
		}
		return ast.WalkSkipChildren, nil
	})
	end()
	return all
}

// searchIndex is a script, not JSON: a page that is opened from a disk may not fetch.
func searchIndex(sections []section) ([]byte, error) {
	rows := make([][4]string, len(sections))
	for i, s := range sections {
		rows[i] = [4]string{s.url, s.page, s.heading, s.text}
	}
	text, err := json.Marshal(rows)
	return append(append([]byte("globalThis.searchIndex = "), text...), ";\n"...), err
}
