package cause

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// claim is what words of an event say, and when that is not so.
type claim struct {
	words string // in summary or remedy, in lower case
	wrong func(*event.Event) bool
}

// claims are the words that an event's own facts can contradict.
var claims = []claim{
	{"ignore sigpipe", func(e *event.Event) bool {
		return e.Owner.SIGPIPE == event.SignalIgnored || e.Owner.SIGPIPE == event.SignalCaught
	}},
	{"tcp_rfc1337 to 1", func(e *event.Event) bool { return e.Evidence.Prior == event.StateFinWait2 }},
	{"nothing listens", func(e *event.Event) bool {
		return e.Dir == event.Received && (e.Kernel.PeerListens || e.PeerEvent != 0 && e.Kernel.OtherEndCause != ClosedPort)
	}},
	{"firewall", func(e *event.Event) bool {
		return e.Dir == event.Received && e.Kernel.OtherEndCause == ClosedPort
	}},
	{"a firewall rule on this host refused", func(e *event.Event) bool { return e.Kernel.OtherEndCause != NetfilterReject }},
	{"idle", func(e *event.Event) bool { return e.Conn.LastReceivedMillis == 1 }},
	{"ignore it:", losesData},
	{"nothing is lost", losesData},
	{"acknowledged all data", losesData},
	{"both sides had closed", func(e *event.Event) bool {
		if e.Evidence.Socket == event.SockTimeWait {
			return e.Evidence.Prior == event.StateFinWait2 // its substate
		}
		return e.State == event.StateFinWait1 || e.State == event.StateFinWait2
	}},
	{"rsttrace there", func(e *event.Event) bool { return e.PeerEvent != 0 || e.Kernel.OtherEndHidden }},
	{"shows both", func(e *event.Event) bool { return !e.Kernel.OtherEndHidden }},
	{"event of the other end", func(e *event.Event) bool { return e.PeerEvent == 0 }},
	{"named under by", func(e *event.Event) bool { return e.Initiator.PID == 0 }},
	{"the named hook", func(e *event.Event) bool { return e.Evidence.Chain == 0 }},
	{"before closing", wasKilled},
	{"before dropping", wasKilled},
	{"remove so_linger", wasKilled},
	{"stop new connections first", wasKilled},
	{"has to send close first", wasKilled},
	{"what sent sig", func(e *event.Event) bool { return !wasKilled(e) }},
}

// possible leaves out what no event can have: mini-sockets have no data, and a
// connection whose keep-alive ran out was silent.
func possible(e *event.Event) bool {
	if e.Cause == KeepaliveTimeout && e.Conn.LastReceivedMillis == 1 {
		return false
	}
	return e.Lost == (event.Lost{}) || e.Evidence.Socket == event.SockFull
}

// losesData: a received RST took data with it, so it is not to be ignored.
func losesData(e *event.Event) bool {
	return e.Dir == event.Received && (e.Lost.UnsentBytes > 0 || e.Lost.UnackedBytes > 0)
}

// wasKilled: a signal ended the process whose end closed the socket.
func wasKilled(e *event.Event) bool {
	return e.Owner.Ended.Signal != ""
}

// contexts are what events of the same evidence can differ in.
var contexts = map[string]func(*event.Event){
	"nothing known":       func(*event.Event) {},
	"busy":                func(e *event.Event) { e.Conn = event.Conn{Known: true, LastReceivedMillis: 1} },
	"idle":                func(e *event.Event) { e.Conn = event.Conn{Known: true, LastReceivedMillis: 3_600_000} },
	"data lost":           func(e *event.Event) { e.Lost = event.Lost{UnsentBytes: 100, UnackedBytes: 10} },
	"data unacknowledged": func(e *event.Event) { e.Lost = event.Lost{UnackedBytes: 10} },
	"other end":           func(e *event.Event) { e.PeerEvent = 7 },
	"other end, closed port": func(e *event.Event) {
		e.PeerEvent, e.Kernel.OtherEndCause = 7, ClosedPort
	},
	"other end, rejected": func(e *event.Event) {
		e.PeerEvent, e.Kernel.OtherEndCause = 7, NetfilterReject
	},
	"other end, rejected, not shown": func(e *event.Event) { e.Kernel.OtherEndCause = NetfilterReject },
	"other end, data lost": func(e *event.Event) {
		e.PeerEvent, e.Lost = 7, event.Lost{UnackedBytes: 10}
	},
	"other end, hidden":   func(e *event.Event) { e.Kernel.OtherEndHidden = true },
	"hidden, data lost":   func(e *event.Event) { e.Kernel.OtherEndHidden, e.Lost = true, event.Lost{UnackedBytes: 10} },
	"hidden, closed port": func(e *event.Event) { e.Kernel.OtherEndHidden, e.Kernel.OtherEndCause = true, ClosedPort },
	"ignores SIGPIPE":     func(e *event.Event) { ownedBy(e, event.SignalIgnored) },
	"catches SIGPIPE":     func(e *event.Event) { ownedBy(e, event.SignalCaught) },
	"dies of SIGPIPE":     func(e *event.Event) { ownedBy(e, event.SignalDefault) },
	"was killed": func(e *event.Event) {
		e.Owner = event.Owner{PID: 812, Comm: "app", Source: event.FromCurrent, Ended: event.Ended{Signal: "SIGKILL"}}
		if e.Evidence.Hook == event.HookSendReply {
			e.Owner.Source = event.FromCloser
		}
	},
	"a listener is there": func(e *event.Event) { e.Kernel.PeerListens = true },
	"rule of a chain":     func(e *event.Event) { e.Evidence.Chain = event.ChainInput },
	"by another process": func(e *event.Event) {
		e.Initiator = event.Initiator{ProcessRef: event.ProcessRef{PID: 4242, Comm: "ss"}}
	},
}

func ownedBy(e *event.Event, action event.SignalAction) {
	e.Owner = event.Owner{PID: 812, Comm: "app", Source: event.FromSocket, SIGPIPE: action}
}

// perCause is how much evidence of each cause and state is tried in every context.
const perCause = 8

// TestWordsFitFacts: in no context does an event say what its own facts contradict.
func TestWordsFitFacts(t *testing.T) {
	type kind struct {
		cause event.CauseID
		state event.State
		prior event.State
	}
	tried := make(map[kind]int)
	said := make(map[string]bool)
	told := make(map[string]bool) // each contradiction once
	for _, hook := range hooks {
		for evidence := range enumerate(hook) {
			v := Classify(evidence)
			k := kind{v.Cause, evidence.State, evidence.Prior}
			if tried[k]++; tried[k] > perCause {
				continue
			}
			for name, change := range contexts {
				e := eventOf(evidence)
				change(e)
				Explain(e)
				words := strings.ToLower(e.Summary + "\n" + e.Remedy)
				if !possible(e) {
					continue
				}
				for _, c := range claims {
					if !strings.Contains(words, c.words) {
						continue
					}
					said[c.words] = true
					about := string(e.Cause) + name + c.words
					if c.wrong(e) && !told[about] {
						told[about] = true
						t.Errorf("%s, %s: %q → %q, although %q is not so", e.Cause, name, e.Summary, e.Remedy, c.words)
					}
				}
			}
		}
	}
	for _, c := range claims {
		if !said[c.words] && c.words != "tcp_rfc1337 to 1" {
			t.Errorf("no event says %q: the check is of no use", c.words)
		}
	}
}

// eventOf is an event with that evidence, of which nothing else is known.
func eventOf(evidence event.Evidence) *event.Event {
	e := &event.Event{
		Evidence: evidence, State: evidence.State, Family: event.IPv4,
		Local: event.Endpoint{Addr: netip.MustParseAddr("10.0.0.1"), Port: 6379},
		Peer:  event.Endpoint{Addr: netip.MustParseAddr("10.0.0.9"), Port: 41234},
	}
	if e.State == event.StateClose {
		e.State = evidence.Prior
	}
	return e
}
