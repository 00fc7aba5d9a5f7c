package jsonl

import (
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestMatchesEncodingJSON keeps the hand-written encoder and the JSON tags of
// package event the same: random events are encoded both ways and compared
// field by field.
func TestMatchesEncodingJSON(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var m moments
	for i := range rounds() {
		e := randomEvent(rng)
		evidence := rng.IntN(2) == 0
		got := fields(t, appendEvent(nil, &e, evidence, &m))
		if !evidence {
			e.Evidence = event.Evidence{}
		}
		reference, err := json.Marshal(&e)
		must(t, err)
		want := fields(t, reference)
		sameTime(t, got, want)
		want["kind"] = string(event.KindEvent) // says that it is a line of an Event
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("event %d (-encoding/json +append):\n%s\nline: %s", i, diff, appendEvent(nil, &e, evidence, &m))
		}
	}
}

// TestRandomEventsCoverEverything: the comparison is only worth something if
// every field of the contract occurs in it.
func TestRandomEventsCoverEverything(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	seen := map[string]bool{}
	for range 200 {
		e := randomEvent(rng)
		reference, err := json.Marshal(&e)
		must(t, err)
		collect(seen, "", fields(t, reference))
	}
	for _, path := range tagged(reflect.TypeFor[event.Event](), "") {
		if !seen[path] {
			t.Errorf("no random event has %s", path)
		}
	}
}

func fields(t *testing.T, line []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(line)))
	decoder.UseNumber() // 64-bit ids do not survive float64
	var m map[string]any
	if err := decoder.Decode(&m); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	return m
}

// sameTime compares the times and takes them out: encoding/json drops trailing
// zeros of the fraction, the contract does not.
func sameTime(t *testing.T, got, want map[string]any) {
	t.Helper()
	text := got["time"].(string)
	a, err := time.Parse(time.RFC3339Nano, text)
	must(t, err)
	b, err := time.Parse(time.RFC3339Nano, want["time"].(string))
	must(t, err)
	if !a.Equal(b) || len(text) != len("2006-01-02T15:04:05.000000000Z") || !strings.HasSuffix(text, "Z") {
		t.Fatalf("time %q, want %v in UTC with nine decimals", text, b)
	}
	delete(got, "time")
	delete(want, "time")
}

func randomEvent(rng *rand.Rand) event.Event {
	var e event.Event
	fill(rng, reflect.ValueOf(&e).Elem())
	if !e.Conn.Known { // then nothing else of it is
		e.Conn = event.Conn{Role: e.Conn.Role}
	}
	if !e.Listener.Known {
		e.Listener = event.Listener{}
	}
	return e
}

// fill sets v to something random, often to its zero value, as real events
// have many unknown fields.
func fill(rng *rand.Rand, v reflect.Value) {
	switch v.Interface().(type) {
	case time.Time:
		zone := time.FixedZone("", 60*(rng.IntN(24*60)-12*60)) // RFC 3339 has no seconds in zones
		v.Set(reflect.ValueOf(time.Unix(rng.Int64N(4e9), rng.Int64N(1e9)).In(zone)))
		return
	case netip.Addr:
		v.Set(reflect.ValueOf(randomAddr(rng)))
		return
	case event.KernelContext: // not part of the contract
		return
	}
	if v.Kind() == reflect.Struct {
		for i := range v.NumField() {
			fill(rng, v.Field(i))
		}
		return
	}
	if rng.IntN(3) == 0 {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString(randomText(rng))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(rng.Uint64() >> rng.IntN(64))
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(rng.Uint64() >> (64 - v.Type().Bits())))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(rng, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+rng.IntN(3), 3))
		for i := range v.Len() {
			fill(rng, v.Index(i))
		}
	default:
		panic("the test cannot fill a " + v.Type().String())
	}
}

func randomAddr(rng *rand.Rand) netip.Addr {
	var b [16]byte
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	if rng.IntN(2) == 0 {
		return netip.AddrFrom4([4]byte(b[:4]))
	}
	return netip.AddrFrom16(b)
}

func randomText(rng *rand.Rand) string {
	alphabet := []string{"a", "Z", "<", "&", " ", "\"", "\\", "/", "\n", "\t", "\x00", "\x1b", "\x7f", "\xff", "\u0085", "\u2028", "\u00e9", "\u4e16", "\U0001f4a9", "\U000e0001"}
	var text strings.Builder
	for range rng.IntN(12) {
		text.WriteString(alphabet[rng.IntN(len(alphabet))])
	}
	return text.String()
}

// collect notes the paths of all members of m.
func collect(seen map[string]bool, prefix string, m map[string]any) {
	for name, value := range m {
		seen[prefix+name] = true
		switch value := value.(type) {
		case map[string]any:
			collect(seen, prefix+name+".", value)
		case []any:
			for _, element := range value {
				if element, ok := element.(map[string]any); ok {
					collect(seen, prefix+name+".", element)
				}
			}
		}
	}
}

// tagged lists the paths of all JSON fields of a struct type.
func tagged(structure reflect.Type, prefix string) []string {
	var paths []string
	for i := range structure.NumField() {
		field := structure.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || name == "" {
			continue
		}
		paths = append(paths, prefix+name)
		inner := field.Type
		for inner.Kind() == reflect.Slice || inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && inner.PkgPath() == structure.PkgPath() {
			paths = append(paths, tagged(inner, prefix+name+".")...)
		}
	}
	return paths
}

// rounds is how many random events are compared: with -short a tenth.
func rounds() int {
	const all, short = 5000, 500
	if testing.Short() {
		return short
	}
	return all
}
