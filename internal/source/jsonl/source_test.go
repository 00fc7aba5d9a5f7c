package jsonl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// eventLine is what the sink writes of an event, in short.
func eventLine(id int) string {
	return fmt.Sprintf(`{"schema":2,"time":"2026-03-03T03:12:45.123456789Z","kind":"event","id":%d,"dir":"sent","cause":"closed-port","summary":"s","certainty":"exact","family":"ipv4","hook":"h","via":"fentry"}`, id)
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

func zstandard(text string) string {
	var b bytes.Buffer
	w, _ := zstd.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

// TestCompressed: what was compressed is read as what it holds.
func TestCompressed(t *testing.T) {
	two := eventLine(1) + "\n" + eventLine(2) + "\n"
	for name, input := range map[string]string{"plain": two, "gzip": gzipped(two), "zstd": zstandard(two)} {
		var ids []uint64
		for e, err := range event.Events(t.Context(), &Source{Name: name, Input: strings.NewReader(input)}) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			ids = append(ids, e.ID)
		}
		if !slices.Equal(ids, []uint64{1, 2}) {
			t.Errorf("%s: events %d", name, ids)
		}
	}
}

// TestCutOff: what came before the end of a torn file was read, and it is said.
func TestCutOff(t *testing.T) {
	whole := gzipped(eventLine(1) + "\n")
	err := (&Source{Name: "file", Input: strings.NewReader(whole[:len(whole)-4])}).Run(t.Context(), event.NopSink{})
	if err == nil || !strings.HasPrefix(err.Error(), "file: ") {
		t.Errorf("%v", err)
	}
}

func FuzzRun(f *testing.F) {
	f.Add([]byte(eventLine(1)))
	f.Add([]byte(gzipped(eventLine(1))))
	f.Add([]byte(zstandard(eventLine(1))))
	f.Add([]byte(`{"schema":2,"kind":"audit","counters":[{}],"seconds":1e300}`))
	f.Fuzz(func(t *testing.T, input []byte) {
		err := (&Source{Name: "file", Input: bytes.NewReader(input)}).Run(context.Background(), event.NopSink{})
		var skipped *event.SkippedError
		if err != nil && !errors.As(err, &skipped) && !strings.HasPrefix(err.Error(), "file: ") {
			t.Errorf("the error does not name the file: %v", err)
		}
	})
}
