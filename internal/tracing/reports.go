package tracing

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/rsttrace/rsttrace/internal/audit"
	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// lossInterval is how often lost details are looked for.
const lossInterval = time.Second

// periodicReports is what a run reports beside events: losses, totals, audits.
type periodicReports struct {
	tracer      *Tracer
	auditAtEnd  bool
	auditEvery  time.Duration // 0: not
	totalsEvery time.Duration // totals; 0: only at the end
	wakeEvery   time.Duration // see WakeEvery

	auditor      *audit.Auditor // nil: none is wanted
	wholeRun     *event.Audit   // once it was taken
	reportedLost uint64         // that were reported

	detached time.Time // when the hooks were

	nextLoss, nextTotals, nextAudit time.Time

	totalsAsked atomic.Bool // totals, by AskTotals
}

// begin reads the kernel's counters for the first time. What was counted before
// everything was attached needs no account.
func (r *periodicReports) begin(t *Tracer) error {
	now := time.Now()
	r.tracer = t
	r.nextLoss, r.nextTotals, r.nextAudit = now.Add(lossInterval), now.Add(r.totalsEvery), now.Add(r.auditEvery)
	if !r.auditAtEnd && r.auditEvery == 0 {
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

// reportBegin says what is seen from now on.
func (r *periodicReports) reportBegin() error {
	counts, err := r.tracer.source.Counts()
	if err != nil {
		return err
	}
	return r.reportCoverage(time.Now(), event.CoverageBegins, &counts)
}

// reportEnd says that nothing is seen any more, since the hooks were detached.
func (r *periodicReports) reportEnd() error {
	if r.detached.IsZero() {
		return nil // the sink had enough, so there are events that it did not get
	}
	counts, err := r.tracer.source.Counts()
	if err != nil {
		return err
	}
	return r.reportCoverage(r.detached, event.CoverageEnds, &counts)
}

func auditLimits(limits []probe.Limit) (converted []audit.Limit) {
	for _, l := range limits {
		converted = append(converted, audit.Limit{ID: l.ID, Sentence: l.Sentence})
	}
	return converted
}

// heartbeat is how often the loop must run though nothing happens; 0: never.
func (r *periodicReports) heartbeat() (shortest time.Duration) {
	var coverage time.Duration
	if r.tracer != nil && r.tracer.coverage.known.Dirs != nil {
		coverage = event.CoverageEvery
	}
	for _, every := range []time.Duration{r.totalsEvery, r.auditEvery, r.wakeEvery, coverage} {
		if every > 0 && (shortest == 0 || every < shortest) {
			shortest = every
		}
	}
	return shortest
}

// reportDue reports what is due. No event is at hand.
func (r *periodicReports) reportDue(now time.Time) error {
	return errors.Join(r.reportLosses(now), r.reportTotalsIfDue(now), r.reportAudit(now))
}

func (r *periodicReports) reportLosses(now time.Time) error {
	if now.Before(r.nextLoss) {
		return nil
	}
	r.nextLoss = now.Add(lossInterval)
	counts, err := r.tracer.source.Counts()
	if err != nil {
		return err
	}
	if err := r.reportLoss(now, &counts); err != nil {
		return err
	}
	return r.reportCoverage(now, event.CoverageGoesOn, &counts)
}

func (r *periodicReports) reportLoss(now time.Time, counts *probe.Counts) error {
	if counts.Lost == r.reportedLost {
		return nil
	}
	fresh := counts.Lost - r.reportedLost
	r.reportedLost = counts.Lost
	return r.tracer.sink.Loss(&event.Loss{Time: now.UTC(), Events: fresh})
}

func (r *periodicReports) reportTotalsIfDue(now time.Time) error {
	asked := r.totalsAsked.Swap(false)
	due := r.totalsEvery > 0 && !now.Before(r.nextTotals)
	if due {
		r.nextTotals = now.Add(r.totalsEvery)
	}
	if !asked && !due {
		return nil
	}
	return r.reportTotals()
}

func (r *periodicReports) reportTotals() error {
	totals, err := r.tracer.Totals()
	if err != nil {
		return err
	}
	return r.tracer.sink.Totals(&totals)
}

func (r *periodicReports) reportAudit(now time.Time) error {
	if r.auditEvery == 0 || now.Before(r.nextAudit) {
		return nil
	}
	r.nextAudit = now.Add(r.auditEvery)
	report, err := r.auditor.Interval()
	if err != nil {
		return fmt.Errorf("compare with the kernel's counters: %w", err)
	}
	return r.tracer.sink.Audit(report.Event())
}

// beforeDetach takes the audit of the whole run: while the hooks are attached,
// events and counters can be compared.
func (r *periodicReports) beforeDetach() error {
	if r.auditor == nil || r.wholeRun != nil {
		return nil
	}
	report, err := r.auditor.Whole()
	if err != nil {
		return fmt.Errorf("compare with the kernel's counters: %w", err)
	}
	r.wholeRun = report.Event()
	return nil
}

// reportWholeRun reports the whole run. The hooks are still attached if the sink had enough.
func (r *periodicReports) reportWholeRun() error {
	if err := r.beforeDetach(); err != nil {
		return err
	}
	if r.wholeRun != nil {
		if err := r.tracer.sink.Audit(r.wholeRun); err != nil {
			return err
		}
	}
	return r.reportTotals()
}

// WakeEvery has Run flush its sink at least this often, also while nothing happens: then
// the sink knows that the loop is alive. Call it before Run.
func (t *Tracer) WakeEvery(interval time.Duration) { t.reports.wakeEvery = interval }

// AskTotals has Run report the totals so far as soon as no event is at hand. It may
// be called from any goroutine, also before Run.
func (t *Tracer) AskTotals() {
	t.reports.totalsAsked.Store(true)
	t.source.Interrupt()
}
