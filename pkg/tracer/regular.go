package tracer

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/rsttrace/rsttrace/internal/audit"
	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// AuditOptions say when events are compared with the kernel's own counters.
type AuditOptions struct {
	AtEnd bool          // once, about the whole run
	Every time.Duration // also in between; 0: not
}

func (o *AuditOptions) wanted() bool { return o.AtEnd || o.Every > 0 }

// lossInterval is how often lost details are looked for.
const lossInterval = time.Second

// regular is what a run reports beside events: losses, totals, audits.
type regular struct {
	tracer  *Tracer
	options AuditOptions
	every   time.Duration // totals; 0: only at the end

	auditor *audit.Auditor // nil: none is wanted
	whole   *event.Audit   // once it was taken
	lost    uint64         // that were reported

	nextLoss, nextTotals, nextAudit time.Time

	asked atomic.Bool // totals, by AskTotals
}

// start reads the kernel's counters for the first time. What was counted before
// everything was attached needs no account.
func (r *regular) start(t *Tracer) error {
	now := time.Now()
	r.tracer = t
	r.nextLoss, r.nextTotals, r.nextAudit = now.Add(lossInterval), now.Add(r.every), now.Add(r.options.Every)
	if !r.options.wanted() {
		return nil
	}
	var limits []audit.Limit
	if t.session != nil {
		limits = auditLimits(t.session.Limits())
	}
	auditor, err := audit.New(t.auditEvents, audit.Options{Limits: limits})
	if err != nil {
		return fmt.Errorf("compare with the kernel's counters: %w", err)
	}
	r.auditor = auditor
	return nil
}

func auditLimits(limits []probe.Limit) (converted []audit.Limit) {
	for _, l := range limits {
		converted = append(converted, audit.Limit{ID: l.ID, Sentence: l.Sentence})
	}
	return converted
}

// heartbeat is how often idle must be called though nothing happens; 0: never.
func (r *regular) heartbeat() time.Duration {
	if r.every == 0 || r.options.Every == 0 {
		return r.every + r.options.Every
	}
	return min(r.every, r.options.Every)
}

// idle reports what is due. No event is at hand.
func (r *regular) idle(now time.Time) error {
	return errors.Join(r.losses(now), r.totals(now), r.audit(now))
}

func (r *regular) losses(now time.Time) error {
	if now.Before(r.nextLoss) {
		return nil
	}
	r.nextLoss = now.Add(lossInterval)
	counts, err := r.tracer.source.Counts()
	if err != nil || counts.Lost == r.lost {
		return err
	}
	fresh := counts.Lost - r.lost
	r.lost = counts.Lost
	return r.tracer.to.Loss(&event.Loss{Time: now.UTC(), Events: fresh})
}

func (r *regular) totals(now time.Time) error {
	asked := r.asked.Swap(false)
	due := r.every > 0 && !now.Before(r.nextTotals)
	if due {
		r.nextTotals = now.Add(r.every)
	}
	if !asked && !due {
		return nil
	}
	return r.giveTotals()
}

func (r *regular) giveTotals() error {
	totals, err := r.tracer.Totals()
	if err != nil {
		return err
	}
	return r.tracer.to.Totals(&totals)
}

func (r *regular) audit(now time.Time) error {
	if r.options.Every == 0 || now.Before(r.nextAudit) {
		return nil
	}
	r.nextAudit = now.Add(r.options.Every)
	report, err := r.auditor.Interval()
	if err != nil {
		return fmt.Errorf("compare with the kernel's counters: %w", err)
	}
	return r.tracer.to.Audit(report.Event())
}

// beforeDetach takes the audit of the whole run: while the hooks are attached,
// events and counters can be compared.
func (r *regular) beforeDetach() error {
	if r.auditor == nil || r.whole != nil {
		return nil
	}
	report, err := r.auditor.Whole()
	if err != nil {
		return fmt.Errorf("compare with the kernel's counters: %w", err)
	}
	r.whole = report.Event()
	return nil
}

// end reports the whole run. The hooks are still attached if the sink had enough.
func (r *regular) end() error {
	if err := r.beforeDetach(); err != nil {
		return err
	}
	if r.whole != nil {
		if err := r.tracer.to.Audit(r.whole); err != nil {
			return err
		}
	}
	return r.giveTotals()
}

// AskTotals has Run report the totals so far as soon as no event is at hand. It may
// be called from any goroutine, also before Run.
func (t *Tracer) AskTotals() {
	t.regular.asked.Store(true)
	t.source.Interrupt()
}
