package otlp

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/posted"
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

// Sink sends records.
type Sink struct {
	records records
	batches *posted.Batches
}

// New checks the options. It sends nothing: the server need not be there yet.
func New(o Options) (*Sink, error) {
	address, err := endpoint(o.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("endpoint: %w", err)
	}
	around := newAround(&o)
	batches, err := posted.New(posted.Options{
		URL: address, ContentType: "application/x-protobuf", Headers: o.Headers, CAFile: o.CAFile, Plain: o.Plain, Timeout: o.Timeout, Batch: o.Batch,
		Version: o.Version, Body: around.request, Later: later, Taken: partial,
	})
	if err != nil {
		return nil, err
	}
	return &Sink{records: records{now: time.Now}, batches: batches}, nil
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

// add adds a record to the batch: a field log_records of a ScopeLogs.
func (s *Sink) add(encode func() message) error {
	return s.batches.Add(func(items []byte) []byte { return message(items).inner(scopeLogsRecords, encode()) })
}

// Flush sends what is there.
func (s *Sink) Flush(time.Time) error { return s.batches.Flush() }

// Interrupt ends a request.
func (s *Sink) Interrupt() { s.batches.Interrupt() }

// Close ends the connections. It sends nothing: that is for Flush.
func (s *Sink) Close() error { return s.batches.Close() }
