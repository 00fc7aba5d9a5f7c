package jsonl

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestOneTypePerPath: a path has one JSON type in the lines of all kinds, as
// engines that index logs want it. They take the type from the first line that
// they see and refuse lines with another one.
func TestOneTypePerPath(t *testing.T) {
	types := make(map[string]string)
	from := make(map[string]event.Kind)
	for kind, lines := range linesOfAllKinds(t) {
		for _, line := range lines {
			typesOf(t, "", fields(t, line), func(path, jsonType string) {
				if known, ok := types[path]; ok && known != jsonType {
					t.Fatalf("%s is %s in a line of kind %s and %s in one of kind %s: %s", path, known, from[path], jsonType, kind, line)
				}
				types[path], from[path] = jsonType, kind
			})
		}
	}
	for path, want := range map[string]string{ // what an Event and totals have under similar names
		"lost": "object", "lost.unreadBytes": "integer", "lostEvents": "integer", "missed": "integer", "events": "integer", "seconds": "decimal",
	} {
		if types[path] != want {
			t.Errorf("%s is %q, want %s", path, types[path], want)
		}
	}
}

// TestEveryLineHas: any line can be sorted, and given to what can read it, by
// what every line has.
func TestEveryLineHas(t *testing.T) {
	for kind, lines := range linesOfAllKinds(t) {
		for _, line := range lines {
			f := fields(t, line)
			text, _ := f["time"].(string)
			if _, err := time.Parse("2006-01-02T15:04:05.000000000Z", text); err != nil {
				t.Errorf("%v in %s", err, line)
			}
			if f["schema"] != json.Number("2") || f["kind"] != string(kind) {
				t.Errorf("schema %v, kind %v, want 2 and %s: %s", f["schema"], f["kind"], kind, line)
			}
		}
	}
}

// linesOfAllKinds are those of the fixtures, and of random values of each type.
func linesOfAllKinds(t *testing.T) map[event.Kind][][]byte {
	t.Helper()
	lines := make(map[event.Kind][][]byte)
	write := func(kind event.Kind, to func(*Sink) error) {
		var out bytes.Buffer
		s := New(&out, Options{Evidence: true})
		must(t, to(s))
		must(t, s.Flush(time.Time{}))
		lines[kind] = append(lines[kind], bytes.TrimSpace(out.Bytes()))
	}
	for _, e := range fixture.Events() {
		write(event.KindEvent, func(s *Sink) error { return s.Event(e) })
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		e := randomEvent(rng)
		e.Schema = event.SchemaVersion
		write(event.KindEvent, func(s *Sink) error { return s.Event(&e) })
		write(event.KindFollowup, func(s *Sink) error { return s.Followup(random[event.Followup](rng)) })
		write(event.KindCounts, func(s *Sink) error { return s.Totals(random[event.Totals](rng)) })
		write(event.KindAudit, func(s *Sink) error { return s.Audit(random[event.Audit](rng)) })
		write(event.KindLost, func(s *Sink) error { return s.Loss(&event.Loss{Time: fixture.Start, Events: 1 + rng.Uint64N(1e6)}) })
	}
	return lines
}

func random[T any](rng *rand.Rand) *T {
	v := new(T)
	fill(rng, reflect.ValueOf(v).Elem())
	return v
}

// typesOf names the type of every value in an object, by its path. The elements
// of lists have the path of their list: that is how engines index them.
func typesOf(t *testing.T, path string, value any, found func(path, jsonType string)) {
	t.Helper()
	switch value := value.(type) {
	case map[string]any:
		if path != "" {
			found(path, "object")
			path += "."
		}
		for name, member := range value {
			typesOf(t, path+name, member, found)
		}
	case []any:
		for _, element := range value {
			typesOf(t, path, element, found)
		}
	case string:
		found(path, "string")
	case bool:
		found(path, "boolean")
	case json.Number:
		if strings.ContainsAny(value.String(), ".eE") {
			found(path, "decimal")
		} else {
			found(path, "integer")
		}
	default:
		t.Errorf("%s is %v: what is not known is absent", path, value)
	}
}
