package selftest

import (
	"reflect"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// notChecked are the fields of an event that the selftest does not compare, and why.
// Of a struct it is all that is in it.
var notChecked = map[string]string{
	"Finding":                  "the stage behind the tracer writes it",
	"PeerSent":                 "no expectation has it, see peersent_test.go in internal/tracing",
	"Schema":                   "the sink writes it",
	"Host":                     "event.OfHost writes it, behind the tracer",
	"MonotonicNanos":           "the reading of the clock of which Time is made",
	"PeerGot":                  fromJoinOnly,
	"PeerHost":                 fromJoinOnly,
	"HostEvent":                fromJoinOnly,
	"Earlier.IdleBeforeMillis": "as Earlier.AgoMillis",
	"Initiator.Exe":            "from /proc a moment later",
	"Initiator.Parent.Comm":    "the number says who it is",
	"Owner.Exe":                "from /proc a moment later, see programs_test.go in internal/tracing",
	"Owner.Cmdline":            "from /proc a moment later, see programs_test.go in internal/tracing",
	"FormerListener":           "no expectation has it, see elsewhere_test.go in internal/tracing",
	"StillListening":           "no expectation has it, see stilllistening_test.go in internal/tracing",
	"Orphans":                  "numbers of the host a moment later, see orphans_test.go in internal/tracing",
	"Elsewhere":                "no expectation has it, see elsewhere_test.go in internal/tracing",
	"Because":                  "words",
	"Hook":                     "a name; Evidence.Hook is compared",
	"Via":                      "the method is that of the run",
	"KernelReason":             "the kernel's word, of which the cause is made",
	"KernelVerdict":            "the kernel's word, of which the cause is made",
	"IETFCause":                "follows from the cause",
	"CommunityID":              "follows from the addresses",
	"Stack":                    "not asked for",
	"Frames":                   "not asked for",
	"Netns.Name":               "namespaces of the lab have no name",
	"Trigger":                  "no expectation has it",
	"App.ErrorCall":            "any of the calls may be the one",
	"Earlier.AgoMillis":        "by the kernel's tick, which is late on a busy machine",
	"RST.Window":               "no capture of it is compared",
	"RST.Len":                  "no capture of it is compared",
	"RST.TTL":                  "no capture of it is compared",
	"RST.Ifname":               "no capture of it is compared",
	"RST.SeqOffset":            "Position is compared with the facts",
	"Conn.Cookie":              "nobody else knows it",
	"Conn.SRTTMicros":          "nobody else knows it",
	"Conn.Retransmits":         "nobody else knows it",
	"Conn.BytesAcked":          "nobody else knows it",
	"Conn.BytesReceived":       "nobody else knows it",
	"Conn.UID":                 "actors have that of the selftest",
	"Owner.UID":                "actors have that of the selftest",
	"Owner.Cgroup":             "actors have that of the selftest",
	"Owner.Container":          "actors run in none",
	"Owner.Pod":                "actors run in none",
	"Owner.Workload":           "actors run in no pod",
	"Owner.Unit":               "actors have that of the selftest",
	"Owner.SIGPIPE":            "read from /proc, after the event",
	"Capture.RST":              fromFilesOnly,
	"Capture.Others":           fromFilesOnly,
	"Capture.Row":              fromFilesOnly,
	"Capture.Candidates":       fromFilesOnly,
	"Capture.Signature":        fromFilesOnly,
	"Capture.Fragment":         fromFilesOnly,
	"Kernel":                   "context of the tracer, in no output",
}

const (
	fromFilesOnly = "live events have it not"
	fromJoinOnly  = "only the events of several hosts have it, see the tests of internal/join"
)

// TestEveryFieldIsChecked makes one field of one right event wrong at a time. The
// selftest must fail at least once for each field, unless the field is on the list.
func TestEveryFieldIsChecked(t *testing.T) {
	c := ignoredWorld()
	if c.run(); c.result.Status != Passed {
		t.Fatalf("a right event is %s: %q", c.result.Status, c.result.Problems)
	}
	listed := make(map[string]bool)
	for _, path := range fieldsOf(reflect.TypeFor[event.Event](), "") {
		checked := false
		for _, world := range []func() *comparison{newWorld, ignoredWorld} {
			checked = checked || failsWithout(world, path)
		}
		entry := path
		for entry != "" && notChecked[entry] == "" {
			entry = entry[:max(0, strings.LastIndexByte(entry, '.'))]
		}
		listed[entry] = true
		switch {
		case entry == "" && !checked:
			t.Errorf("the selftest passes with a wrong %s", path)
		case entry != "" && checked:
			t.Errorf("the selftest does check %s, which is listed as not checked (%s)", path, notChecked[entry])
		}
	}
	for path := range notChecked {
		if !listed[path] {
			t.Errorf("%s is listed as not checked, and is no field of an event", path)
		}
	}
}

// failsWithout reports whether the selftest fails if the field is wrong in one of the
// events of a world.
func failsWithout(world func() *comparison, path string) bool {
	for at := range world().events {
		for spoil := range spoils {
			c := world()
			if !spoilField(reflect.ValueOf(&c.events[at]).Elem(), path, spoil) {
				continue
			}
			if c.run(); c.result.Status == Failed {
				return true
			}
		}
	}
	return false
}

// ignoredWorld is a RST before the window that a kernel shows with its socket.
func ignoredWorld() *comparison {
	expected, e := oldRST()
	expected.SeenAt, expected.Owner = lab.AtHook, ""
	e.Evidence.Socket, e.Evidence.State = event.SockFull, event.StateEstablished
	e.Evidence.Facts |= event.FactSeqOld
	e.State, e.RST.Flags, e.RST.Position = event.StateEstablished, event.RST, event.PositionOld
	cause.Explain(&e)
	return comparisonOf(allSeen(), expected, e)
}

// fieldsOf lists the paths of all fields below a type that have a value of their own.
func fieldsOf(of reflect.Type, path string) (paths []string) {
	for i := range of.NumField() {
		field := of.Field(i)
		name := strings.TrimPrefix(path+"."+field.Name, ".")
		if below := field.Type; below.Kind() == reflect.Struct && below.PkgPath() == of.PkgPath() {
			paths = append(paths, fieldsOf(below, name)...)
			continue
		}
		paths = append(paths, name)
	}
	return paths
}

// spoils are the ways to make a value wrong: another one, and none.
const spoils = 2

// spoilField makes a field wrong, or returns false if it is so already.
func spoilField(e reflect.Value, path string, spoil int) bool {
	for _, name := range strings.Split(path, ".") {
		e = e.FieldByName(name)
	}
	before := reflect.New(e.Type()).Elem()
	before.Set(e)
	if spoil == 0 {
		changeValue(e)
	} else {
		e.SetZero()
	}
	return !reflect.DeepEqual(before.Interface(), e.Interface())
}

// changeValue makes a value another one that is not zero.
func changeValue(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(v.Uint() + 1)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Pointer:
		changed := reflect.New(v.Type().Elem())
		if !v.IsNil() {
			changed.Elem().Set(v.Elem())
		}
		if changed.Elem().Kind() != reflect.Struct {
			changeValue(changed.Elem())
		}
		v.Set(changed)
	case reflect.Slice:
		v.Set(reflect.Append(v, reflect.New(v.Type().Elem()).Elem()))
	case reflect.Struct: // time.Time, netip.Addr: taken away
	default:
		panic("no other value of kind " + v.Kind().String())
	}
}
