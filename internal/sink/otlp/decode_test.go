package otlp

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"unicode/utf8"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	"google.golang.org/protobuf/proto"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// collector is a server that decodes with the official types. LogsData has the form of an
// ExportLogsServiceRequest, without the service of gRPC beside it.
type collector struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	requests []*logs.LogsData
	headers  []http.Header
	// answer says what happens to a request, by its number from 0. It returns false for one
	// that is not taken. nil: all are taken.
	answer func(number int, w http.ResponseWriter) bool
	asked  int
}

func collect(t *testing.T, answer func(number int, w http.ResponseWriter) bool) *collector {
	t.Helper()
	c := &collector{t: t, answer: answer}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	data, err := c.decode(r)
	if err != nil {
		c.t.Error(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	number := c.asked
	c.asked++
	if c.answer != nil && !c.answer(number, w) {
		return
	}
	c.requests, c.headers = append(c.requests, data), append(c.headers, r.Header)
}

func (c *collector) decode(r *http.Request) (*logs.LogsData, error) {
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-protobuf" {
		return nil, fmt.Errorf("%s with %v", r.Method, r.Header)
	}
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, err
		}
		body = unzipped
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	var data logs.LogsData
	if err := proto.Unmarshal(raw, &data); err != nil {
		return nil, err
	}
	if unknown := data.ProtoReflect().GetUnknown(); len(unknown) > 0 {
		return nil, fmt.Errorf("unknown fields %x", unknown)
	}
	return &data, nil
}

// records are those of all requests that were taken.
func (c *collector) records() (all []*logs.LogRecord) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, request := range c.requests {
		for _, resource := range request.ResourceLogs {
			for _, scope := range resource.ScopeLogs {
				all = append(all, scope.LogRecords...)
			}
		}
	}
	return all
}

// count is how many requests came, taken or not.
func (c *collector) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

// plain makes Go values of attributes. None may be there twice.
func plain(t *testing.T, attributes []*common.KeyValue) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, a := range attributes {
		if _, twice := all[a.Key]; twice {
			t.Errorf("%s is there twice", a.Key)
		}
		all[a.Key] = value(t, a.Value)
	}
	return all
}

func value(t *testing.T, v *common.AnyValue) any {
	t.Helper()
	switch v := v.Value.(type) {
	case *common.AnyValue_StringValue:
		if !utf8.ValidString(v.StringValue) || v.StringValue == "" {
			t.Errorf("the string %q", v.StringValue)
		}
		return v.StringValue
	case *common.AnyValue_IntValue:
		return v.IntValue
	case *common.AnyValue_BoolValue:
		return v.BoolValue
	case *common.AnyValue_ArrayValue:
		var list []any
		for _, element := range v.ArrayValue.Values {
			list = append(list, value(t, element))
		}
		return list
	default:
		t.Errorf("a value of type %T", v)
		return nil
	}
}
