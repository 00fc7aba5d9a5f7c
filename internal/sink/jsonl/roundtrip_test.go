package jsonl

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// rewriter encodes what it is given.
type rewriter struct {
	sink *Sink
	out  *bytes.Buffer
	item any // the last one
}

func newRewriter() *rewriter {
	out := new(bytes.Buffer)
	return &rewriter{sink: New(out, Options{Evidence: true}), out: out}
}

func (r *rewriter) Event(e *event.Event) error       { r.item = *e; return r.sink.Event(e) }
func (r *rewriter) Followup(f *event.Followup) error { r.item = *f; return r.sink.Followup(f) }
func (r *rewriter) Finding(f *event.Finding) error   { r.item = *f; return r.sink.Finding(f) }
func (r *rewriter) Totals(t *event.Totals) error     { r.item = *t; return r.sink.Totals(t) }
func (r *rewriter) Loss(l *event.Loss) error         { r.item = *l; return r.sink.Loss(l) }
func (r *rewriter) Audit(a *event.Audit) error       { r.item = *a; return r.sink.Audit(a) }
func (r *rewriter) Coverage(c *event.Coverage) error { r.item = *c; return r.sink.Coverage(c) }
func (r *rewriter) Flush(now time.Time) error        { return r.sink.Flush(now) }

// decode reads a line, and writes what was read.
func (r *rewriter) decode(t *testing.T, line []byte) []byte {
	t.Helper()
	r.out.Reset()
	if err := event.Decode(line, r); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	must(t, r.Flush(time.Time{}))
	return bytes.TrimSpace(bytes.Clone(r.out.Bytes()))
}

// TestDecodedIsWrittenAgain: what is written can be read, and is the same when it is written
// again: 5 000 random items of every kind.
func TestDecodedIsWrittenAgain(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	r := newRewriter()
	write := func(to func(*Sink) error) {
		t.Helper()
		var out bytes.Buffer
		s := New(&out, Options{Evidence: true})
		must(t, to(s))
		must(t, s.Flush(time.Time{}))
		line := bytes.TrimSpace(out.Bytes())
		if again := r.decode(t, line); !bytes.Equal(again, line) {
			t.Fatalf("wrote\n%s\nread and wrote\n%s", line, again)
		}
		first := r.item
		r.decode(t, line)
		if diff := cmp.Diff(first, r.item, cmpopts.EquateComparable(event.Endpoint{}), cmpopts.EquateComparable(event.TopRow{}.Peer)); diff != "" {
			t.Fatalf("read twice, it differs:\n%s", diff)
		}
	}
	for range rounds() {
		e := randomEvent(rng)
		e.Schema = event.SchemaVersion
		write(func(s *Sink) error { return s.Event(&e) })
		write(func(s *Sink) error { return s.Followup(random[event.Followup](rng)) })
		write(func(s *Sink) error { return s.Finding(random[event.Finding](rng)) })
		totals := random[event.Totals](rng)
		for i := range totals.Counts { // which are sorted by their bytes
			totals.Counts[i].Cause = event.CauseID(strings.ToValidUTF8(string(totals.Counts[i].Cause), "?"))
		}
		write(func(s *Sink) error { return s.Totals(totals) })
		audit := random[event.Audit](rng)
		for _, n := range []*int{&audit.Namespaces, &audit.Came, &audit.Went, &audit.Unreadable} {
			*n &= math.MaxInt32
		}
		audit.Elapsed = time.Duration(rng.IntN(1e9)) * time.Millisecond // as much as is written
		write(func(s *Sink) error { return s.Audit(audit) })
		coverage := random[event.Coverage](rng)
		coverage.Dirs = append(coverage.Dirs, event.Sent) // [] is not nil
		write(func(s *Sink) error { return s.Coverage(coverage) })
		write(func(s *Sink) error {
			return s.Loss(&event.Loss{Host: *random[event.Host](rng), Time: e.Time, Events: 1 + rng.Uint64N(1e6)})
		})
	}
}
