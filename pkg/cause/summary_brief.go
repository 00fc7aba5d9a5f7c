package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// briefSummaries are those of the causes that come by the hundred thousand: port
// scans, and clients that try again and again. They are appended to what the
// caller has, so that nothing is allocated for them.
var briefSummaries = map[event.CauseID]func([]byte, *event.Event) []byte{
	ClosedPort: appendClosedPort,
	Refused:    appendRefused,
}

func appendClosedPort(text []byte, e *event.Event) []byte {
	text = append(e.Peer.AppendTo(text), " tried to connect to "...)
	return append(e.Local.AppendTo(text), ", where nothing listens"...)
}

func appendRefused(text []byte, e *event.Event) []byte {
	text = append(e.Peer.AppendTo(text), " refused the connection"...)
	if e.Owner.PID != 0 {
		text = appendRef(append(text, " of "...), e.Owner.Comm, e.Owner.PID)
	}
	return append(text, ": nothing listens there, or a firewall in front of it answered"...)
}
