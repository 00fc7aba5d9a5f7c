package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
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
	p.heading("Patterns: what an incident is, from the numbers of all its resets")
	p.rows(slices.Collect(finding.All()))
	p.buf.WriteByte('\n')
}

func (p *sheet) rows(patterns []finding.Pattern) {
	column := 0
	for _, one := range patterns {
		column = max(column, len(one.ID))
	}
	for _, one := range patterns {
		p.wrap(fmt.Sprintf("%-*s", column, one.ID), sheetIndent+column+sheetIndent, one.Title)
	}
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
	if one.Causes == nil {
		p.buf.WriteByte('\n')
		p.heading("Causes")
		p.wrap("", sheetIndent, "Not only certain ones: other facts decide.")
	} else {
		p.causes("Causes of its resets", entriesOf(one.Causes))
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

// entriesOf are the entries of causes, in the order of the catalogue.
func entriesOf(ids []event.CauseID) []cause.Entry {
	var entries []cause.Entry
	for entry := range cause.All() {
		if slices.Contains(ids, entry.ID) {
			entries = append(entries, entry)
		}
	}
	return entries
}
