package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rsttrace/rsttrace/internal/nearest"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// appError is an error as applications log it. The causes that lead to it come from the
// catalogue: its entries name the errors of both ends.
type appError struct {
	name    string
	text    string // of strerror
	meaning string
}

var appErrors = []appError{
	{"ECONNREFUSED", "Connection refused", "A RST answered the first packet of this connection. " +
		"Either nothing listens at that address and port, or a firewall answered."},
	{"ECONNRESET", "Connection reset by peer", "A RST ended the connection. Data that was under way may be lost, in both directions."},
	{"EPIPE", "Broken pipe", "The program wrote to a connection that had ended before. " +
		"The first write after the end may still succeed: its data is lost, and the next write gives EPIPE."},
	{"SIGPIPE", "Broken pipe", "The program wrote to a connection that had ended before, and did not ignore this signal. " +
		"It kills the process without a message. A shell then shows exit status 141."},
	{"ETIMEDOUT", "Connection timed out", "The other end did not answer. With keep-alives or TCP_USER_TIMEOUT the kernel then sends a RST. " +
		"Without them it sends none: then rsttrace shows nothing. This is also true of a connect that times out."},
	{"ECONNABORTED", "Software caused connection abort", "The connection was ended on this host, and the other end did not ask for it."},
}

// findError finds an error by its name or by its text; nil where there is none.
func findError(name string) *appError {
	for i := range appErrors {
		if one := &appErrors[i]; strings.EqualFold(name, one.name) || strings.EqualFold(name, one.text) {
			return one
		}
	}
	return nil
}

// suggestError finds the error that a misspelt name means.
func suggestError(name string) (string, bool) {
	names := make([]string, 0, len(appErrors))
	for _, one := range appErrors {
		names = append(names, strings.ToLower(one.name))
	}
	if near := nearest.Suggest(name, names, nil); len(near) > 0 {
		return strings.ToUpper(near[0]), true
	}
	return "", false
}

func errorsToComplete() []string {
	var values []string
	for _, one := range appErrors {
		values = append(values, cobra.CompletionWithDesc(one.name, one.text))
	}
	return values
}

// causes are the entries that name the error at this end, and at the other one.
func (e *appError) causes() (here, peer []cause.Entry) {
	for entry := range cause.All() {
		if entry.Dir == event.Observed {
			continue // a capture shows no error
		}
		if strings.Contains(entry.AppHere, e.name) {
			here = append(here, entry)
		}
		if strings.Contains(entry.AppPeer, e.name) {
			peer = append(peer, entry)
		}
	}
	return here, peer
}

// patternsOf are those that can consist of such causes.
func patternsOf(entries []cause.Entry) []finding.Pattern {
	var found []finding.Pattern
	for p := range finding.All() {
		if slices.ContainsFunc(entries, func(e cause.Entry) bool { return slices.Contains(p.Causes, e.ID) }) {
			found = append(found, p)
		}
	}
	return found
}

// errorsList lists the errors that have a page.
func (p *sheet) errorsList() {
	p.heading("Errors of applications")
	for i := range appErrors {
		p.wrap(fmt.Sprintf("%-*s", len("ECONNREFUSED"), appErrors[i].name), sheetIndent+len("ECONNREFUSED")+sheetIndent, appErrors[i].text)
	}
	p.buf.WriteByte('\n')
}

func (p *sheet) appError(e *appError) {
	p.heading(e.name + " (error of an application)")
	p.wrap("", sheetIndent, e.text)
	p.buf.WriteByte('\n')
	p.heading("What happened")
	p.wrap("", sheetIndent, e.meaning)
	p.commands("See which cause it is", []string{"sudo rsttrace 'errno " + e.filtered() + "'"})
	here, peer := e.causes()
	p.causes("Causes, if a program of this host gets it", here)
	p.causes("Causes, if the program at the other end gets it", peer)
	p.buf.WriteByte('\n')
	p.heading("Patterns of incidents with these causes")
	p.rows(patternsOf(slices.Concat(here, peer)))
	p.buf.WriteByte('\n')
	p.wrap("", 0, "`rsttrace explain NAME` shows all about one of them.")
}

// filtered is the error that the filter knows: SIGPIPE comes with EPIPE.
func (e *appError) filtered() string {
	if e.name == "SIGPIPE" {
		return "EPIPE"
	}
	return e.name
}

func (p *sheet) causes(title string, entries []cause.Entry) {
	if len(entries) == 0 {
		return
	}
	p.buf.WriteByte('\n')
	p.heading(title)
	column := 0
	for _, e := range entries {
		column = max(column, len(e.ID))
	}
	for _, e := range entries {
		p.wrap(fmt.Sprintf("%-*s", column, e.ID), sheetIndent+column+sheetIndent, e.Title)
	}
}
