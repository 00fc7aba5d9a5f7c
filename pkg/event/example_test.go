package event_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// Count the resets of each container. For those that happen now, let tracer.Open
// make the source.
func ExampleEvents_container() {
	file, err := os.Open("testdata/resets.jsonl")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	source := &event.Reader{Name: file.Name(), Input: file}

	resets := make(map[string]int)
	for e, err := range event.Events(context.Background(), source) {
		if err != nil {
			log.Print(err)
			return
		}
		resets[cmp.Or(e.Owner.Container, "no container")]++
	}
	for _, name := range slices.Sorted(maps.Keys(resets)) {
		fmt.Println(resets[name], name)
	}
	// Output:
	// 1 containerd/app
	// 2 docker/web-1
	// 1 no container
}

// Call a webhook on a cause. The queue keeps a slow hook from holding up the
// stream, and Clone keeps the event when the stream goes on.
func ExampleEvents_webhook() {
	file, hook := recording(), webhook()
	source := &event.Reader{Name: file.Name(), Input: file}
	wanted := filter.MustParse("cause refused and container web-1")

	queue := make(chan *event.Event, 100)
	var calls sync.WaitGroup
	calls.Go(func() {
		for e := range queue {
			if response, err := http.Post(hook, "text/plain", strings.NewReader(e.Summary)); err != nil {
				log.Print(err)
			} else {
				response.Body.Close()
			}
		}
	})
	for e, err := range event.Events(context.Background(), source) {
		if err != nil {
			log.Print(err)
			break
		}
		if wanted.Match(e) {
			queue <- e.Clone()
		}
	}
	close(queue)
	calls.Wait()
	// Output:
	// hook: 192.0.2.200 refused the connection to port 443
	// hook: 192.0.2.200 refused the connection to port 443
}

// recording is what "rsttrace -o json" has written.
func recording() *os.File {
	file, err := os.Open("testdata/resets.jsonl")
	if err != nil {
		log.Fatal(err)
	}
	return file
}

// webhook returns the address of a server that prints what it is called with.
func webhook() string {
	return httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Printf("hook: %s\n", body)
	})).URL
}

// printer is a sink. NopSink has the methods that it leaves out.
type printer struct{ event.NopSink }

func (printer) Event(e *event.Event) error {
	fmt.Println(e.ID, e.Cause, e.Owner.Comm)
	return nil
}

func (printer) Totals(t *event.Totals) error {
	fmt.Println("in all:", t.Events())
	return nil
}

// Replay a recording: a sink gets all that was written, also totals and losses. A
// line that cannot be read is passed over.
func ExampleReader() {
	file := recording()
	defer file.Close()
	source := &event.Reader{
		Name: file.Name(), Input: io.MultiReader(file, strings.NewReader("not of rsttrace\n")),
		Skipped: func(line *event.LineError) { fmt.Println(line) },
	}
	if err := source.Run(context.Background(), printer{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1 unread-data-on-close nginx
	// 2 refused nginx
	// 3 refused java
	// 4 refused nginx
	// in all: 4
	// testdata/resets.jsonl:6: not a line of rsttrace: it does not begin with {
	// testdata/resets.jsonl: 1 line was skipped
}
