package tracer_test

import (
	"context"
	"fmt"
	"log"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
	"github.com/rsttrace/rsttrace/pkg/tracer"
)

// Print the resets of this machine until Ctrl-C, as root.
func ExampleTracer_Events() {
	t, err := tracer.Open(tracer.Options{Filter: filter.MustParse("sent and port 443")})
	if err != nil {
		log.Fatal(err)
	}
	defer t.Close()
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT)
	defer stop()
	for e, err := range t.Events(ctx) {
		if err != nil {
			log.Print(err)
			return
		}
		fmt.Println(e.Cause, e.Owner.Comm, e.Summary)
	}
}

// losses is a sink that says when it was too slow.
type losses struct{ event.NopSink }

func (losses) Loss(l *event.Loss) error {
	log.Printf("%d events had no room in the ring", l.Events)
	return nil
}

// Take also what is no event: here losses, and totals at the end.
func ExampleTracer_Run() {
	t, err := tracer.Open(tracer.Options{RingSize: 16 << 20})
	if err != nil {
		log.Fatal(err)
	}
	defer t.Close()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	if err := t.Run(ctx, losses{}); err != nil {
		log.Print(err)
		return
	}
	totals, err := t.Totals()
	fmt.Println(totals.Events(), err)
}
