package posted

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/rsttrace/rsttrace/internal/sink"
)

// Options say where batches go, and how. URL, ContentType and Later are needed.
type Options struct {
	URL         *url.URL
	ContentType string
	// Headers are sent with each request, such as Authorization.
	Headers map[string]string
	// CAFile has the certificates that the server's must come from. "": those of the system.
	// It is read again for each request, so new certificates need no restart.
	CAFile string
	// Plain sends without gzip.
	Plain bool
	// Timeout is for one request: 10 s.
	Timeout time.Duration
	// Batch is how many items a request has at most: 512.
	Batch int
	// Version is that of rsttrace, for the server.
	Version string

	// Body is what a request has for the items of a batch, before gzip. nil: the items.
	Body func(items []byte) []byte
	// Query is what the URL of a batch has besides. It is called once for each batch, also if
	// that is sent several times. nil: nothing.
	Query func() url.Values
	// Authorize adds to the headers of each request. An error is one to try later. nil: nothing.
	Authorize func(http.Header) error
	// Failed reports whether a response is an error. nil: if its status says so.
	Failed func(*http.Response) bool
	// Later reports whether the same request may work later.
	Later func(*http.Response) bool
	// Taken reads the response to a request that worked. Its error may be a
	// *sink.LostError. nil: it says nothing.
	Taken func(text []byte) error
}

// batchBytes is how large the items of a request are at most, about.
const batchBytes = 1 << 20

// Batches sends items.
type Batches struct {
	options Options
	shown   string // the URL without its password
	client  *http.Client
	trusted []byte // the content of CAFile that client has
	headers http.Header
	zip     *gzip.Writer

	items   []byte
	count   uint64 // of items
	body    []byte // the request for them, where it was tried
	address string // its URL

	working context.Context
	stop    context.CancelFunc
}

func (o *Options) setDefaults() {
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.Batch = cmp.Or(o.Batch, 512)
	if o.Body == nil {
		o.Body = func(items []byte) []byte { return items }
	}
	if o.Query == nil {
		o.Query = func() url.Values { return nil }
	}
	if o.Authorize == nil {
		o.Authorize = func(http.Header) error { return nil }
	}
	if o.Failed == nil {
		o.Failed = func(r *http.Response) bool { return r.StatusCode/100 != 2 }
	}
	if o.Taken == nil {
		o.Taken = func([]byte) error { return nil }
	}
}

// New checks the options. It sends nothing: the server need not be there yet.
func New(o Options) (*Batches, error) {
	o.setDefaults()
	headers, err := newHeaders(&o)
	if err != nil {
		return nil, err
	}
	b := &Batches{options: o, shown: o.URL.Redacted(), headers: headers, zip: gzip.NewWriter(nil)}
	if err := b.trust(); err != nil {
		return nil, err
	}
	b.working, b.stop = context.WithCancel(context.Background())
	return b, nil
}

// Add has a function append an item to the others. Before that it sends a full batch. What
// was lost then is not the new item. With a *sink.RetryError the item was not added.
func (b *Batches) Add(add func(items []byte) []byte) error {
	var lost error
	if b.count >= uint64(b.options.Batch) || len(b.items) >= batchBytes {
		lost = b.send()
		var later *sink.RetryError
		if errors.As(lost, &later) {
			return lost
		}
	}
	b.items = add(b.items)
	b.count++
	b.body = nil
	return lost
}

// Flush sends what is there.
func (b *Batches) Flush() error {
	if b.count == 0 {
		return nil
	}
	return b.send()
}

// Interrupt ends a request. It may be called from any goroutine.
func (b *Batches) Interrupt() { b.stop() }

// Close ends the connections. It sends nothing: that is for Flush.
func (b *Batches) Close() error {
	b.stop()
	b.client.CloseIdleConnections()
	return nil
}

// send sends the batch. Afterwards there is none, except with a *sink.RetryError.
func (b *Batches) send() error {
	if b.body == nil {
		if err := b.prepare(); err != nil {
			return b.giveUp(err)
		}
	}
	err := b.post()
	var later *sink.RetryError
	var partly *sink.LostError
	switch {
	case err == nil:
		b.forget()
	case errors.As(err, &later):
	case errors.As(err, &partly):
		b.forget()
	default:
		return b.giveUp(err)
	}
	return err
}

// prepare makes the request for the batch.
func (b *Batches) prepare() error {
	address := *b.options.URL
	if further := b.options.Query(); len(further) > 0 {
		query := address.Query()
		maps.Copy(query, further)
		address.RawQuery = query.Encode()
	}
	body := b.options.Body(b.items)
	if !b.options.Plain {
		var zipped bytes.Buffer
		b.zip.Reset(&zipped)
		if _, err := b.zip.Write(body); err != nil {
			return err
		}
		if err := b.zip.Close(); err != nil {
			return err
		}
		body = zipped.Bytes()
	}
	b.address, b.body = address.String(), body
	return nil
}

func (b *Batches) giveUp(err error) error {
	lost := &sink.LostError{Items: b.count, Err: err}
	b.forget()
	return lost
}

func (b *Batches) forget() { b.items, b.count, b.body = b.items[:0], 0, nil }
