package finding

import "github.com/rsttrace/rsttrace/pkg/event"

// Server is the end of an event's connection that listens, and whether it is the one on
// this side. Where neither the connection nor the cause shows it, it is the end with the
// lower port.
func Server(e *event.Event) (server event.Endpoint, here bool) { return serverOf(e) }

// Silence is for how many milliseconds no payload had passed when the connection ended.
// After a close it is the silence before that. False: it is not known.
func Silence(e *event.Event) (millis uint64, known bool) {
	q := silenceOf(e)
	return q.millis, q.known
}

// IdleLimit is after how much silence something between two ends forgets a connection.
type IdleLimit struct {
	Seconds uint64
	Who     string // "Azure Load Balancer and Azure NAT (4 min)"
}

// IdleLimits lists the limits that are well known, the shortest first.
func IdleLimits() []IdleLimit {
	limits := make([]IdleLimit, 0, len(between))
	for _, b := range between {
		limits = append(limits, IdleLimit{b.seconds, b.who})
	}
	return limits
}
