package tracing

import (
	"context"
	"time"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// source is where records come from: a probe.Session, or a test. See there for
// what the methods promise.
type source interface {
	Read(ctx context.Context, batch *probe.Batch, deadline time.Time) error
	Holders(sockets []event.SocketRef) (holders []event.Holder, pause time.Duration, err error)
	Counts() (probe.Counts, error)
	NetnsCounts() ([]probe.NetnsCount, error)
	Top(probe.TopKind) (*probe.TopTable, error)
	Mute(hidden func(event.Evidence) bool) error
	HideCgroup(id uint64, while time.Duration) error
	Interrupt()
	Detach()
	Close() error
}
