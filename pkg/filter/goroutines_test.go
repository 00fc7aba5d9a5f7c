package filter

import (
	"sync"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestManyGoroutines uses one filter everywhere at once. The race detector watches.
func TestManyGoroutines(t *testing.T) {
	wanted := MustParse("sent and port 443 and comm ~ '^ng' and cause in (refused, closed-port) and cgroup /system.slice")
	var all sync.WaitGroup
	for port := range uint16(8) {
		all.Go(func() {
			e := event.Event{
				Dir: event.Sent, Cause: cause.Refused, Local: event.Endpoint{Port: 440 + port},
				Owner: event.Owner{PID: 1, Comm: "nginx", Cgroup: "/system.slice/nginx.service"},
			}
			for range 100 {
				if got := wanted.Match(&e); got != (port == 3) {
					t.Errorf("port %d: %v", 440+port, got)
				}
				_ = wanted.Parts()
				_ = wanted.Selection()
			}
		})
	}
	all.Wait()
}
