package truth

import (
	"bytes"
	"context"
	"slices"

	"github.com/rsttrace/rsttrace/internal/source/packets"
	"github.com/rsttrace/rsttrace/internal/wire"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Grade is how a verdict compares with what happened.
type Grade uint8

// The grades, the best first.
const (
	Same     Grade = iota // the same cause
	Weaker                // right, and it leaves more possible
	NotKnown              // it says that it does not know
	Wrong
	None // nothing is known of that end: the lab played it
)

var gradeNames = [...]string{"same", "weaker but right", "not known", "wrong", "–"}

func (g Grade) String() string { return gradeNames[g] }

// Judged is one RST of a case.
type Judged struct {
	Case   *Case
	Packet uint64
	Flags  event.TCPFlags
	Kind   wire.Kind
	Row    int
	// Sender and Receiver are what happened at either end, and Said what the verdict has
	// for it. Grades say how the two compare.
	Sender, Receiver         event.CauseID
	SaidSender, SaidReceiver event.CauseID
	SenderGrade              Grade
	ReceiverGrade            Grade
	Because                  []string
}

// Judge reads the capture of a case and compares every RST.
func Judge(ctx context.Context, c *Case) ([]Judged, error) {
	var all []Judged
	source := packets.Source{Name: c.Name(), Input: bytes.NewReader(c.PCAP), Verdict: func(v *wire.Verdict) { all = append(all, judge(c, v)) }}
	if err := source.Run(ctx, event.NopSink{}); err != nil {
		return nil, err
	}
	return all, nil
}

func judge(c *Case, v *wire.Verdict) Judged {
	j := Judged{
		Case: c, Flags: v.Flags(), Kind: v.Kind, Row: v.Row, Because: v.Because,
		SaidSender: v.Cause(event.Sent), SaidReceiver: v.Cause(event.Received), SenderGrade: None, ReceiverGrade: None,
	}
	from, to := v.Ends()
	for _, e := range c.Events {
		if e.From != from || e.To != to || e.Flags != 0 && e.Flags != v.Flags() {
			continue
		}
		if e.Dir == event.Sent {
			if g := gradeSender(v, &e); j.Sender == "" || g < j.SenderGrade {
				j.Sender, j.SenderGrade = e.Cause, g
			}
			continue
		}
		if g := gradeReceiver(v, e.Cause); j.Receiver == "" || g < j.ReceiverGrade {
			j.Receiver, j.ReceiverGrade = e.Cause, g
		}
	}
	return j
}

// gradeSender: what is said of the sender leaves the true cause possible. Nobody else
// sent it, except a firewall rule on the way.
func gradeSender(v *wire.Verdict, e *Event) Grade {
	said, candidates := v.Cause(event.Sent), v.Candidates()
	switch {
	case v.Kind == wire.Unknown:
		return NotKnown
	case v.Kind == wire.OtherDevice && e.Firewall:
		return Same
	case said == e.Cause && len(candidates) == 0, slices.Equal(candidates, []event.CauseID{e.Cause}):
		return Same
	case slices.Contains(candidates, e.Cause):
		return Weaker
	case said == cause.WireAbort && len(candidates) == 0 && abort[e.Cause]:
		return Weaker // a shape that Linux does not send: nothing is said but that it was an abort
	}
	return Wrong
}

// abort are the causes of an end that knew the connection.
var abort = map[event.CauseID]bool{
	cause.UnreadDataOnClose: true, cause.LingerZero: true, cause.Disconnect: true, cause.DisconnectWithUnsentData: true,
	cause.ListenerClosed: true, cause.SocketDestroyed: true, cause.Linger2Negative: true, cause.OrphanLimit: true,
	cause.KeepaliveTimeout: true, cause.KeepaliveUserTimeout: true, cause.FinWait2Timeout: true,
}

// relation is a pair of causes of a receiver where the first is said, the second is true,
// and the first is right as far as it goes.
type relation struct {
	said, truth event.CauseID
	why         string
}

// relations are reviewed by hand. What is not here, and not equal, is wrong.
var relations = []relation{
	{cause.ResetByPeer, cause.PeerAborted, "reset-by-peer leaves open what kind of RST it was"},
	{cause.ResetByPeer, cause.PeerGone, "reset-by-peer leaves open what kind of RST it was"},
	{cause.ResetWhileClosing, cause.TimeWaitKilled, "TIME_WAIT is the end of closing: the capture does not show that all was acknowledged"},
	{cause.TimeWaitKilled, cause.RSTTimeWaitProtected, "both ends had closed, and nothing is lost: tcp_rfc1337 is not on the wire"},
}

func gradeReceiver(v *wire.Verdict, truth event.CauseID) Grade {
	said := v.Cause(event.Received)
	switch {
	case v.Kind == wire.Unknown:
		return NotKnown
	case said == truth:
		return Same
	case v.Kind == wire.Injected || v.Kind == wire.OtherDevice:
		return Weaker // it is about who sent it, and leaves open what became of it
	case slices.ContainsFunc(relations, func(r relation) bool { return r.said == said && r.truth == truth }):
		return Weaker
	}
	return Wrong
}
