package otlp

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
	"google.golang.org/protobuf/encoding/protowire"

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
func (s *Sink) trust() error {
	if s.options.CAFile == "" && s.client != nil {
		return nil
	}
	var pem []byte
	if s.options.CAFile != "" {
		var err error
		if pem, err = os.ReadFile(s.options.CAFile); err != nil {
			return err
		}
		if s.client != nil && bytes.Equal(pem, s.trusted) {
			return nil
		}
	}
	client, err := newClient(&s.options, pem)
	if err != nil {
		return err
	}
	if s.client != nil {
		s.client.CloseIdleConnections()
	}
	s.client, s.trusted = client, pem
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
	headers.Set("Content-Type", "application/x-protobuf")
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
func (s *Sink) post() error {
	untrusted := s.trust()
	request, err := http.NewRequestWithContext(s.working, http.MethodPost, s.options.Endpoint, bytes.NewReader(s.body))
	if err != nil {
		return err
	}
	request.Header = s.headers
	response, err := s.client.Do(request)
	if err != nil {
		err = fmt.Errorf("%s: %w", s.shown, withoutURL(err))
		if untrusted != nil {
			err = fmt.Errorf("%w; ca-file: %w", err, untrusted)
		}
		return &sink.RetryError{Err: err}
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(response.Body, responseMax)) // half of an explanation is fine
	if response.StatusCode/100 == 2 {
		return partial(text)
	}
	err = fmt.Errorf("%s: the server says %s%s", s.shown, response.Status, explanation(response, text))
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
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

// partial reads an ExportLogsServiceResponse: the server may have refused some records.
// What is no such message says nothing.
func partial(response []byte) error {
	rejected, why := int64(0), ""
	each(response, func(field protowire.Number, kind protowire.Type, value []byte) {
		if field != responsePartialSuccess || kind != protowire.BytesType {
			return
		}
		inner, _ := protowire.ConsumeBytes(value)
		each(inner, func(field protowire.Number, kind protowire.Type, value []byte) {
			switch {
			case field == partialRejected && kind == protowire.VarintType:
				n, _ := protowire.ConsumeVarint(value)
				rejected = int64(n)
			case field == partialMessage && kind == protowire.BytesType:
				text, _ := protowire.ConsumeBytes(value)
				why = printable.Text(strings.ToValidUTF8(string(text), ""))
			}
		})
	})
	if rejected <= 0 && why == "" {
		return nil
	}
	if why == "" {
		why = "it does not say why"
	}
	return &sink.LostError{Items: uint64(max(rejected, 0)), Err: fmt.Errorf("the server refuses records: %s", why)}
}

// each calls a function with the fields of a message, up to the first that is broken.
func each(m []byte, use func(field protowire.Number, kind protowire.Type, value []byte)) {
	for len(m) > 0 {
		field, kind, n := protowire.ConsumeTag(m)
		if n < 0 {
			return
		}
		m = m[n:]
		size := protowire.ConsumeFieldValue(field, kind, m)
		if size < 0 {
			return
		}
		use(field, kind, m[:size])
		m = m[size:]
	}
}
