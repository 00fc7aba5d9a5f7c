package fleet

import "github.com/rsttrace/rsttrace/pkg/event"

// Truth is what really happened to the RST of an event. It travels in the cookie of the
// connection, which nothing else looks at.
type Truth struct {
	RST     uint64 // number of the RST: both ends have it
	Traced  bool   // a socket of a traced host sent it
	Arrived bool   // it reached TCP of a traced host
}

func (t Truth) cookie() uint64 {
	cookie := t.RST << 2
	if t.Traced {
		cookie |= 1
	}
	if t.Arrived {
		cookie |= 2
	}
	return cookie
}

// TruthOf is that of an event of this package.
func TruthOf(e *event.Event) Truth {
	return Truth{RST: e.Conn.Cookie >> 2, Traced: e.Conn.Cookie&1 != 0, Arrived: e.Conn.Cookie&2 != 0}
}
