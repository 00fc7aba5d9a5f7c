package posted

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/rsttrace/rsttrace/internal/printable"
	"github.com/rsttrace/rsttrace/internal/sink"
)

// newClient trusts the certificates of a file in PEM; nil: those of the system. It follows
// no redirect: the second request would be a GET without records.
func newClient(o *Options, pem []byte) (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if o.CAFile != "" {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: there is no certificate in it: want PEM", o.CAFile)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{
		Transport:     transport,
		Timeout:       o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// trust reads the certificates again, and makes a client if there are others now. If they
// cannot be read, it goes on with those from before.
func (b *Batches) trust() error {
	if b.options.CAFile == "" && b.client != nil {
		return nil
	}
	var pem []byte
	if b.options.CAFile != "" {
		var err error
		if pem, err = os.ReadFile(b.options.CAFile); err != nil {
			return err
		}
		if b.client != nil && bytes.Equal(pem, b.trusted) {
			return nil
		}
	}
	client, err := newClient(&b.options, pem)
	if err != nil {
		return err
	}
	if b.client != nil {
		b.client.CloseIdleConnections()
	}
	b.client, b.trusted = client, pem
	return nil
}

func newHeaders(o *Options) (http.Header, error) {
	headers := http.Header{}
	for name, value := range o.Headers {
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return nil, fmt.Errorf("header %q: this is no header of HTTP", name)
		}
		headers.Set(name, value)
	}
	headers.Set("Content-Type", o.ContentType)
	headers.Set("User-Agent", strings.TrimSuffix("rsttrace/"+o.Version, "/"))
	if !o.Plain {
		headers.Set("Content-Encoding", "gzip")
	}
	return headers, nil
}

// responseMax is how much of a response is read.
const responseMax = 64 << 10

// post sends the request. The error is a *sink.RetryError, a *sink.LostError for a part of
// it, or another one for all of it.
func (b *Batches) post() error {
	untrusted := b.trust()
	request, err := http.NewRequestWithContext(b.working, http.MethodPost, b.address, bytes.NewReader(b.body))
	if err != nil {
		return err
	}
	request.Header = b.headers
	if err := b.options.Authorize(request.Header); err != nil {
		return &sink.RetryError{Err: fmt.Errorf("%s: %w", b.shown, err)}
	}
	response, err := b.client.Do(request)
	if err != nil {
		err = fmt.Errorf("%s: %w", b.shown, withoutURL(err))
		if untrusted != nil {
			err = fmt.Errorf("%w; ca-file: %w", err, untrusted)
		}
		return &sink.RetryError{Err: err}
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(response.Body, responseMax)) // half of an explanation is fine
	if !b.options.Failed(response) {
		return b.options.Taken(text)
	}
	err = fmt.Errorf("%s: the server says %s%s", b.shown, response.Status, explanation(response, text))
	if b.options.Later(response) {
		return &sink.RetryError{Err: err, After: retryAfter(response.Header.Get("Retry-After"), time.Now())}
	}
	return err
}

// withoutURL is the error without the method and the URL, which may have a password.
func withoutURL(err error) error {
	var around *url.Error
	if !errors.As(err, &around) {
		return err
	}
	if around.Timeout() && errors.Is(err, context.DeadlineExceeded) {
		return errors.New("no answer in time")
	}
	return around.Err
}

// explanationMax is how much of a server's text is shown.
const explanationMax = 200

func explanation(response *http.Response, text []byte) string {
	if to := response.Header.Get("Location"); response.StatusCode/100 == 3 && to != "" {
		return ": it is at " + printable.Text(to)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	line = printable.Text(strings.ToValidUTF8(line, ""))
	if line == "" || strings.HasPrefix(response.Header.Get("Content-Type"), "application/x-protobuf") {
		return ""
	}
	if len(line) > explanationMax {
		line = strings.ToValidUTF8(line[:explanationMax], "") + "…"
	}
	return ": " + line
}

// retryAfter reads seconds, or a date. What is neither is 0.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
