package metrics

import (
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// portsMax is how many series by port there are.
const portsMax = 256

// ports knows on which ports of this host somebody listened: a bit for each. Whoever
// scans ports meets none of these.
type ports [1 << 16 / 64]uint64

// learn takes what an event shows of listeners.
func (p *ports) learn(e *event.Event) {
	if e.Conn.Role == event.Server || e.Listener.Known || e.FormerListener != (event.FormerListener{}) {
		p.add(e.Local.Port)
	}
}

func (p *ports) add(port uint16) { p[port/64] |= 1 << (port % 64) }

func (p *ports) has(port uint16) bool { return p[port/64]&(1<<(port%64)) != 0 }

// of is the port of this host that was connected to, 0 if nobody was seen to listen
// there, and for a client.
func (p *ports) of(e *event.Event) uint16 {
	if _, here := finding.Server(e); here && p.has(e.Local.Port) {
		return e.Local.Port
	}
	return 0
}
