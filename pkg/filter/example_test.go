package filter_test

import (
	"fmt"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// Parse a filter and ask it about events.
func ExampleParse() {
	wanted, err := filter.Parse("sent and port 443 and not comm nginx", filter.Vocabulary{})
	if err != nil {
		fmt.Println(err)
		return
	}
	e := event.Event{Dir: event.Sent, Local: event.Endpoint{Port: 443}, Owner: event.Owner{PID: 7, Comm: "haproxy"}}
	fmt.Println(wanted.Match(&e))
	e.Owner.Comm = "nginx"
	fmt.Println(wanted.Match(&e))
	// Output:
	// true
	// false
}

// An error points at the mistake.
func ExampleParse_error() {
	_, err := filter.Parse("sent and prot 443", filter.Vocabulary{})
	fmt.Println(err)
	// Output:
	// filter: there is no field "prot": did you mean port?
	//     sent and prot 443
	//              ^^^^
}

// Decide in steps: an owner is expensive to find. The filter often needs none.
func ExampleFilter_Decide() {
	wanted := filter.MustParse("cause refused and comm curl")
	closed := event.Event{Dir: event.Sent, Cause: cause.ClosedPort}
	refused := event.Event{Dir: event.Received, Cause: cause.Refused}
	fmt.Println(wanted.Decide(&closed, filter.KnowsVerdict) == filter.No)
	fmt.Println(wanted.Decide(&refused, filter.KnowsVerdict) == filter.No)
	// Output:
	// true
	// false
}
