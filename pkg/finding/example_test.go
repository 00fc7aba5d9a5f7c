package finding_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// printer is a sink that prints findings: each when it is new, and as it goes on.
type printer struct{ event.NopSink }

func (printer) Finding(f *event.Finding) error {
	fmt.Println(f.ID, f.Summary)
	return nil
}

// Find the incidents in a recording. A tracer takes the place of the recording for
// those that happen now.
func ExampleNew() {
	file, err := os.Open("../event/testdata/resets.jsonl")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	source := event.Reader{Name: file.Name(), Input: file}
	if err := source.Run(context.Background(), finding.New(printer{})); err != nil {
		log.Print(err)
	}
	// Output:
	// 1 nginx[812] closed and left 1 448 bytes of its client unread (it had received 90 000), after it had sent 1 200 bytes
	// 2 192.0.2.200:443 refused a connection of nginx[812]
	// 3 192.0.2.200:443 refused a connection of java[31337]
	// 2 192.0.2.200:443 refused connections of nginx[812] (2 times)
	// 1 nginx[812] closed and left 1 448 bytes of its client unread (it had received 90 000), after it had sent 1 200 bytes
	// 3 192.0.2.200:443 refused a connection of java[31337]
}
