package lab_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// Play a scenario, as root, and print what a tracer must see of it. The program
// must call ActorMain first thing in main.
func ExampleRun() {
	scenario, _ := lab.Find("broken-pipe")
	outcome, err := lab.Run(context.Background(), scenario, event.IPv4, lab.Options{
		Step: func(text string) { fmt.Println(text) },
	})
	if errors.Is(err, lab.ErrUnavailable) {
		fmt.Println("not here:", err)
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	for _, expected := range outcome.Expect {
		fmt.Println(expected.Dir, expected.Cause, expected.Owner)
	}
}
