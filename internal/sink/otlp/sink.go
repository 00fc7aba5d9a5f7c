package otlp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Options say where records go. Only Endpoint is needed.
type Options struct {
	// Endpoint is a URL. Without a path, /v1/logs is added.
	Endpoint string
	// Headers are sent with each request, such as Authorization.
	Headers map[string]string
	// CAFile has the certificates that the server's must come from. "": those of the system.
	// It is read again for each request, so new certificates need no restart.
	CAFile string
	// Plain sends without gzip.
	Plain bool
	// Timeout is for one request: 10 s.
	Timeout time.Duration
	// Batch is how many records a request has at most: 512.
	Batch int

	// Host and Version describe what sends: host.name, host.id, service.version.
	Host    event.Host
	Version string
	// Resource are further attributes of what sends, such as k8s.node.name. They take the
	// place of those above.
	Resource map[string]string
}

// batchBytes is how large the records of a request are at most, about.
const batchBytes = 1 << 20

// Sink sends records.
type Sink struct {
	options Options
	shown   string // the endpoint without its password
	client  *http.Client
	trusted []byte // the content of CAFile that client has
	headers http.Header
	around  around

	records records
	batch   message // field log_records of a ScopeLogs, once for each record
	count   uint64  // records in it
	body    []byte  // the request for the batch, where it was tried

	working context.Context
	stop    context.CancelFunc
}

// New checks the options. It sends nothing: the server need not be there yet.
func New(o Options) (*Sink, error) {
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.Batch = cmp.Or(o.Batch, 512)
	address, err := endpoint(o.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("endpoint: %w", err)
	}
	o.Endpoint = address.String()
	headers, err := newHeaders(&o)
	if err != nil {
		return nil, err
	}
	s := &Sink{options: o, shown: address.Redacted(), headers: headers, around: newAround(&o), records: records{now: time.Now}}
	if err := s.trust(); err != nil {
		return nil, err
	}
	s.working, s.stop = context.WithCancel(context.Background())
	return s, nil
}

// CheckEndpoint reports what is wrong with an endpoint.
func CheckEndpoint(text string) error {
	_, err := endpoint(text)
	return err
}

func endpoint(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("want a URL, such as https://collector.example:4318")
	}
	if u.Port() == "4317" {
		return nil, errors.New("port 4317 is that of gRPC; rsttrace sends over HTTP, which has port 4318")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/logs"
	}
	return u, nil
}

// Event adds a record.
func (s *Sink) Event(e *event.Event) error {
	return s.add(func() message { return s.records.event(e) })
}

// Followup adds a record.
func (s *Sink) Followup(f *event.Followup) error {
	return s.add(func() message { return s.records.followup(f) })
}

// Finding adds a record.
func (s *Sink) Finding(f *event.Finding) error {
	return s.add(func() message { return s.records.finding(f) })
}

// Totals adds a record.
func (s *Sink) Totals(t *event.Totals) error {
	return s.add(func() message { return s.records.totals(t) })
}

// Loss adds a record.
func (s *Sink) Loss(l *event.Loss) error {
	return s.add(func() message { return s.records.loss(l) })
}

// Audit adds a record.
func (s *Sink) Audit(a *event.Audit) error {
	return s.add(func() message { return s.records.audit(a) })
}

// Coverage adds a record.
func (s *Sink) Coverage(c *event.Coverage) error {
	return s.add(func() message { return s.records.coverage(c) })
}

// add sends a full batch, and begins the next one. What was lost then is not the new record.
func (s *Sink) add(encode func() message) error {
	var lost error
	if s.count >= uint64(s.options.Batch) || len(s.batch) >= batchBytes {
		lost = s.send()
		var later *sink.RetryError
		if errors.As(lost, &later) {
			return lost
		}
	}
	s.batch = s.batch.inner(scopeLogsRecords, encode())
	s.count++
	s.body = nil
	return lost
}

// Flush sends what is there.
func (s *Sink) Flush(time.Time) error {
	if s.count == 0 {
		return nil
	}
	return s.send()
}

// Interrupt ends a request.
func (s *Sink) Interrupt() { s.stop() }

// Close ends the connections. It sends nothing: that is for Flush.
func (s *Sink) Close() error {
	s.stop()
	s.client.CloseIdleConnections()
	return nil
}

// send sends the batch. Afterwards there is none, except with a *sink.RetryError.
func (s *Sink) send() error {
	if s.body == nil {
		body, err := s.around.request(s.batch, !s.options.Plain)
		if err != nil {
			return s.giveUp(err)
		}
		s.body = body
	}
	err := s.post()
	var later *sink.RetryError
	var partly *sink.LostError
	switch {
	case err == nil:
		s.forget()
	case errors.As(err, &later):
	case errors.As(err, &partly):
		s.forget()
	default:
		return s.giveUp(err)
	}
	return err
}

func (s *Sink) giveUp(err error) error {
	lost := &sink.LostError{Items: s.count, Err: err}
	s.forget()
	return lost
}

func (s *Sink) forget() { s.batch, s.count, s.body = s.batch[:0], 0, nil }
