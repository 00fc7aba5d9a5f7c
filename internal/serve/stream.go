package serve

import (
	"bytes"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/jsonl"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// streams gives what flows to clients that look on. It is a sink for the tracer.
type streams struct {
	watched atomic.Int32 // how many clients there are: without any, nothing is done

	mu      sync.Mutex
	clients map[*client]bool
	encoder *jsonl.Sink // nil until the first client
	text    bytes.Buffer
	line    []byte // of the item at hand, nil until a client wants it
	cutOff  uint64 // clients that read too slowly
	refused uint64 // clients for whom there was no room
}

// client is one that looks on. It is a sink behind its filter.
type client struct {
	event.NopSink
	of       *streams
	stage    event.Sink
	events   bool // it wants events, and else findings
	lines    chan []byte
	tooSlow  atomic.Bool
	encoding func() error // of the item at hand
}

// linesMax is how many lines may wait for a client.
const linesMax = 1024

// enter adds a client. Nil: there are as many as there may be.
func (s *streams) enter(f *filter.Filter, events bool, most int) *client {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.clients) >= most {
		s.refused++
		return nil
	}
	if s.encoder == nil {
		s.clients = make(map[*client]bool)
		s.encoder = jsonl.New(&s.text, jsonl.Options{})
	}
	c := &client{of: s, events: events, lines: make(chan []byte, linesMax)}
	c.stage = matching(f, c)
	s.clients[c] = true
	s.watched.Store(int32(len(s.clients)))
	return c
}

// leave removes a client, if it is still there.
func (s *streams) leave(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(c)
}

// remove has the client's lines end.
func (s *streams) remove(c *client) {
	if s.clients[c] {
		delete(s.clients, c)
		close(c.lines)
		s.watched.Store(int32(len(s.clients)))
	}
	if len(s.clients) == 0 {
		s.encoder, s.text, s.line = nil, bytes.Buffer{}, nil // their memory is not needed
	}
}

// end removes all clients.
func (s *streams) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.clients {
		s.remove(c)
	}
}

// numbers are how many clients there are, were cut off, and were refused.
func (s *streams) numbers() (clients int, cutOff, refused uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.clients), s.cutOff, s.refused
}

// give gives an item to all clients that want it. encode writes it as JSON, at most once.
func (s *streams) give(give func(*client) error, encode func(*jsonl.Sink) error) error {
	if s.watched.Load() == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line = nil
	for c := range s.clients {
		c.encoding = func() error { return encode(s.encoder) }
		if err := give(c); err != nil {
			return err
		}
	}
	return nil
}

// offer puts the item at hand into the queue of a client. Without room the client is cut
// off. It is called with the lock, by the filter of the client.
func (c *client) offer() error {
	s := c.of
	if s.line == nil {
		if err := c.encoding(); err != nil {
			return err
		}
		if err := s.encoder.Flush(time.Time{}); err != nil {
			return err
		}
		s.line = bytes.Clone(s.text.Bytes())
		s.text.Reset()
	}
	select {
	case c.lines <- s.line:
	default:
		s.cutOff++
		c.tooSlow.Store(true)
		s.remove(c)
	}
	return nil
}

// The sink behind the filter of a client.

func (c *client) Event(*event.Event) error       { return c.offer() }
func (c *client) Followup(*event.Followup) error { return c.offer() }
func (c *client) Finding(*event.Finding) error   { return c.offer() }
func (c *client) Loss(*event.Loss) error         { return c.offer() }

// The sink of the tracer.

func (s *streams) Event(e *event.Event) error {
	return s.give(wantEvents(func(c *client) error { return c.stage.Event(e) }), func(j *jsonl.Sink) error { return j.Event(e) })
}

func (s *streams) Followup(f *event.Followup) error {
	return s.give(wantEvents(func(c *client) error { return c.stage.Followup(f) }), func(j *jsonl.Sink) error { return j.Followup(f) })
}

func (s *streams) Coverage(c *event.Coverage) error {
	return s.give(wantEvents(func(to *client) error { return to.stage.Coverage(c) }), func(j *jsonl.Sink) error { return j.Coverage(c) })
}

func (s *streams) Loss(l *event.Loss) error {
	return s.give(wantEvents(func(c *client) error { return c.stage.Loss(l) }), func(j *jsonl.Sink) error { return j.Loss(l) })
}

func (s *streams) Finding(f *event.Finding) error {
	return s.give(func(c *client) error {
		if c.events {
			return nil
		}
		return c.stage.Finding(f)
	}, func(j *jsonl.Sink) error { return j.Finding(f) })
}

func (s *streams) Totals(*event.Totals) error { return nil }
func (s *streams) Audit(*event.Audit) error   { return nil }
func (s *streams) Flush(time.Time) error      { return nil }

func wantEvents(give func(*client) error) func(*client) error {
	return func(c *client) error {
		if !c.events {
			return nil
		}
		return give(c)
	}
}
