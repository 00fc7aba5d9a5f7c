package owner

import (
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// FromRecord fills e.Owner from what the kernel record itself tells. It reports
// whether that settles the matter: false means that the socket is alive and its
// owner can be looked for.
func FromRecord(e *event.Event) bool {
	switch k := &e.Kernel; {
	case k.Current.Known():
		if !k.Current.Kernel {
			e.Owner = ownerOf(k.Current, event.FromCurrent)
		}
		return true
	case k.Closer.Known():
		if !k.Closer.Kernel {
			e.Owner = ownerOf(k.Closer, event.FromCloser)
		}
		return true
	default:
		return !e.Evidence.Has(event.FactHasSocket)
	}
}

func ownerOf(p event.Process, source event.OwnerSource) event.Owner {
	uid := p.UID
	return event.Owner{
		PID:    p.PID,
		TID:    p.TID,
		Comm:   p.Comm,
		UID:    &uid,
		Source: source,
		Ended:  ended(p),
	}
}

// ended reads a wait status: a signal in the low seven bits (bit 7 says that
// core was dumped), else an exit code in the next eight.
func ended(p event.Process) event.Ended {
	if !p.Exiting {
		return event.Ended{}
	}
	if signal := p.ExitStatus & 0x7f; signal != 0 {
		return event.Ended{Signal: unix.SignalName(unix.Signal(signal))}
	}
	code := int(p.ExitStatus >> 8 & 0xff)
	return event.Ended{ExitCode: &code}
}
