package cause_test

import (
	"fmt"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Classify evidence, and look up what the cause means.
func ExampleClassify() {
	verdict := cause.Classify(event.Evidence{
		Hook: event.HookReceive, Socket: event.SockFull, State: event.StateSynSent, Family: event.IPv4,
	})
	entry, _ := cause.Lookup(verdict.Cause)
	fmt.Println(verdict.Dir, verdict.Cause, verdict.Certainty)
	fmt.Println(entry.Remedy)
	// Output:
	// received refused exact
	// Check that the service listens on that address and port and that no firewall refuses it
}
