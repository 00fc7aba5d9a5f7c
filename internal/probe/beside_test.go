package probe

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestTotalsBesideRead calls what may be called beside Read; the race detector
// judges it.
func TestTotalsBesideRead(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	s, err := Open(Options{Tops: true, TopSets: 1, Selection: Selection{Netns: []uint32{}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if c, err := net.Dial("tcp4", "127.0.0.1:1"); err == nil { // a kind of evidence to read
		c.Close()
		t.Skip("somebody listens on port 1")
	}
	var callers sync.WaitGroup
	for range 2 {
		callers.Go(func() {
			_, err := s.Counts()
			if err != nil {
				t.Error(err)
			}
			if _, err := s.Tops(); err != nil {
				t.Error(err)
			}
			if err := s.WatchNetns(1); err != nil {
				t.Error(err)
			}
			if err := s.IgnoreNetns(1); err != nil {
				t.Error(err)
			}
			s.Hooks()
			s.Visibility()
			s.Limits()
		})
	}
	// The goroutine that reads calls this, too.
	if err := s.Mute(func(event.Evidence) bool { return false }); err != nil {
		t.Error(err)
	}
	var batch Batch
	if err := s.Read(t.Context(), &batch, time.Now()); err != nil {
		t.Error(err)
	}
	callers.Wait()
}
