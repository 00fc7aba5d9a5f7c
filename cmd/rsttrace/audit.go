package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rsttrace/rsttrace/pkg/audit"
	"github.com/rsttrace/rsttrace/pkg/probe"
	"github.com/rsttrace/rsttrace/pkg/tracer"
)

// auditFlag is --audit. It always takes a value: an optional one would make
// "--audit 10s" mean a command called 10s.
type auditFlag struct {
	on    bool
	every time.Duration // 0: at the end only
}

const auditAtEnd = "end"

func (a *auditFlag) register(cmd *cobra.Command) {
	cmd.Flags().Var(a, "audit", "hold the events against the kernel's own counters: end, or an interval as 10s and at the end")
	complete(cmd, "audit", auditAtEnd, "10s", "1m")
}

func (a *auditFlag) Type() string { return "when" }

func (a *auditFlag) String() string {
	switch {
	case !a.on:
		return ""
	case a.every == 0:
		return auditAtEnd
	default:
		return a.every.String()
	}
}

func (a *auditFlag) Set(text string) error {
	if text == auditAtEnd {
		*a = auditFlag{on: true}
		return nil
	}
	every, err := time.ParseDuration(text)
	if err != nil || every < time.Second {
		return fmt.Errorf("%q is neither end nor an interval of at least 1s", text)
	}
	*a = auditFlag{on: true, every: every}
	return nil
}

// audits is the audit of one run; nil where none is wanted.
type audits struct {
	auditor *audit.Auditor
	every   time.Duration
	next    time.Time
	whole   *audit.Report // the last one, once it was taken
}

// start reads the counters for the first time. It belongs after everything is
// attached: what neither side has counted needs no account.
func (a *auditFlag) start(t *tracer.Tracer) (*audits, error) {
	if !a.on {
		return nil, nil
	}
	auditor, err := audit.New(t.AuditEvents, audit.Options{Limits: auditLimits(t.Session().Limits())})
	if err != nil {
		return nil, fmt.Errorf("--audit: %w", err)
	}
	run := &audits{auditor: auditor, every: a.every, next: time.Now().Add(a.every)}
	t.BeforeEnd(run.takeWhole)
	return run, nil
}

func auditLimits(limits []probe.Limit) (converted []audit.Limit) {
	for _, l := range limits {
		converted = append(converted, audit.Limit{ID: l.ID, Sentence: l.Sentence})
	}
	return converted
}

// takeWhole runs while the hooks are still attached.
func (a *audits) takeWhole() error {
	report, err := a.auditor.Whole()
	if err != nil {
		return fmt.Errorf("--audit: %w", err)
	}
	a.whole = &report
	return nil
}

// interval prints a report where one is due.
func (a *audits) interval(now time.Time, out output) error {
	if a == nil || a.every == 0 || now.Before(a.next) {
		return nil
	}
	a.next = now.Add(a.every)
	report, err := a.auditor.Interval()
	if err != nil {
		return fmt.Errorf("--audit: %w", err)
	}
	return printAudit(report, out)
}

// end prints the report on the whole run. It was taken when the stream ended,
// unless the run stopped for another reason: then the hooks are attached still.
func (a *audits) end(out output) error {
	if a == nil {
		return nil
	}
	if a.whole == nil {
		if err := a.takeWhole(); err != nil {
			return err
		}
	}
	return printAudit(*a.whole, out)
}

// auditOutput is a format that can show audits.
type auditOutput interface {
	Audit(audit.Report) error
}

func printAudit(report audit.Report, out output) error {
	sink, ok := out.(auditOutput)
	if !ok {
		return errors.New("--audit: this output format cannot show it")
	}
	return sink.Audit(report)
}
