package playback

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// gate holds a source at a moment. Behind it findings are made, so that those of a moment
// know nothing of what comes later.
type gate struct {
	player *Player
	stage  *finding.Stage
	at     time.Time // of the latest item that has passed
}

// pass lets an item through once its moment has come.
func (g *gate) pass(at time.Time, give func() error) error {
	if err := g.player.pass(at, g.rest); err != nil {
		return err
	}
	if at.After(g.at) {
		g.at = at
	}
	return give()
}

// rest shows all that is known up to the moment. The screen fails never.
func (g *gate) rest() {
	if !g.at.IsZero() {
		_ = g.stage.Flush(g.at)
		_ = g.stage.Report()
	}
}

func (g *gate) Event(e *event.Event) error {
	g.player.seen(e.Time)
	return g.pass(e.Time, func() error { return g.stage.Event(e) })
}

func (g *gate) Followup(f *event.Followup) error {
	return g.pass(f.Time, func() error { return g.stage.Followup(f) })
}

func (g *gate) Totals(t *event.Totals) error {
	return g.pass(t.Time, func() error { return g.stage.Totals(t) })
}

func (g *gate) Loss(l *event.Loss) error {
	return g.pass(l.Time, func() error { return g.stage.Loss(l) })
}

func (g *gate) Coverage(c *event.Coverage) error {
	return g.pass(c.Time, func() error { return g.stage.Coverage(c) })
}

func (g *gate) Audit(a *event.Audit) error { return g.stage.Audit(a) }

// Finding drops it: findings are made anew.
func (g *gate) Finding(*event.Finding) error { return nil }

// Flush is called at rest.
func (g *gate) Flush(time.Time) error { return nil }
