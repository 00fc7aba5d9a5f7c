package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rsttrace/rsttrace/pkg/finding"
)

// patternsToComplete are the patterns with their titles, as shells show them.
func patternsToComplete() []string {
	var values []string
	for p := range finding.All() {
		values = append(values, cobra.CompletionWithDesc(string(p.ID), p.Title))
	}
	return values
}

// patterns lists the diagnoses of findings.
func (p *sheet) patterns() {
	column := 0
	for one := range finding.All() {
		column = max(column, len(one.ID))
	}
	p.heading("Patterns: what an incident is, from the numbers of all its resets")
	for one := range finding.All() {
		p.wrap(fmt.Sprintf("%-*s", column, one.ID), sheetIndent+column+sheetIndent, one.Title)
	}
	p.buf.WriteByte('\n')
}

func (p *sheet) pattern(one finding.Pattern) {
	p.heading(string(one.ID) + " (pattern)")
	p.wrap("", sheetIndent, one.Title)
	for _, section := range []struct{ title, text string }{
		{"What happened", one.Meaning},
		{"How it is known", one.Shows},
		{"What would disprove it", one.Disproof},
	} {
		p.buf.WriteByte('\n')
		p.heading(section.title)
		p.wrap("", sheetIndent, section.text)
	}
	for _, list := range []struct {
		title string
		items []string
	}{{"What to do", one.Fix}, {"Sources", one.Sources}} {
		p.buf.WriteByte('\n')
		p.heading(list.title)
		for _, item := range list.items {
			p.wrap("-", 2*sheetIndent, item)
		}
	}
}
