package text

import (
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestConnectionNamesUser only where no process is known: it stands for one.
func TestConnectionNamesUser(t *testing.T) {
	user := uint32(33)
	e := &event.Event{Conn: event.Conn{Known: true, Mark: 0x2a, UID: &user}}
	if got := connectionText(e); !strings.HasSuffix(got, "fwmark:0x2a uid:33") {
		t.Errorf("no process is known: %q", got)
	}
	e.Owner = event.Owner{PID: 7, Source: event.FromSocket}
	if got := connectionText(e); strings.Contains(got, "uid:") {
		t.Errorf("a process is known: %q", got)
	}
}
