package sink_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/internal/sink/jsonl"
	"github.com/rsttrace/rsttrace/internal/sink/text"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// printed are the names in an output, by the flag that takes them.
type printed map[string][]string

func (p printed) add(flag, name string) {
	if name != "" && name != "-" {
		p[flag] = append(p[flag], name)
	}
}

// TestPrintedNamesAreFilters: whatever a sink prints of an event finds that event,
// and nothing that it prints is refused.
func TestPrintedNamesAreFilters(t *testing.T) {
	found := make(map[string]int)
	for _, e := range withoutNames(fixture.Events()) {
		for from, names := range map[string]printed{"text": inText(t, e), "json": inJSON(t, e)} {
			for flag, values := range names {
				for _, value := range values {
					found[from+" "+flag]++
					wanted, err := filterOf(flag, value)
					if err != nil {
						t.Errorf("event %d, %s: --%s %q: %v", e.ID, from, flag, value, err)
					} else if !wanted.Match(e) {
						t.Errorf("event %d, %s: --%s %q does not find it: %+v", e.ID, from, flag, value, e.Owner)
					}
				}
			}
		}
	}
	for _, want := range []string{
		"text dir", "text cause", "text comm", "text pid", "text container", "text pod", "text unit", "text cgroup",
		"json dir", "json cause", "json comm", "json container", "json pod", "json unit", "json cgroup",
	} {
		if found[want] == 0 {
			t.Errorf("no event has a %s", want)
		}
	}
}

// TestPrintedNamesFindNothingElse: the forms in which names are printed are no
// wider than the names.
func TestPrintedNamesFindNothingElse(t *testing.T) {
	events := withoutNames(fixture.Events())
	for _, flag := range []string{"container", "pod", "comm"} {
		for _, e := range events {
			for _, value := range append(inText(t, e)[flag], inJSON(t, e)[flag]...) {
				wanted, err := filterOf(flag, value)
				if err != nil {
					t.Fatal(err)
				}
				for _, other := range events {
					if wanted.Match(other) && !shares(flag, e, other) {
						t.Errorf("--%s %q of event %d finds event %d: %+v", flag, value, e.ID, other.ID, other.Owner)
					}
				}
			}
		}
	}
}

// shares reports whether two events are of the same container, pod or process name.
func shares(flag string, a, b *event.Event) bool {
	const container = 64 // digits of an id
	last := func(e *event.Event) string { return e.Owner.Cgroup[max(0, len(e.Owner.Cgroup)-container):] }
	switch flag {
	case "comm":
		all := func(e *event.Event) (names []string) {
			names = append(names, e.Owner.Comm, e.Initiator.Comm)
			for _, other := range e.Owner.Others {
				names = append(names, other.Comm)
			}
			return names
		}
		return slices.ContainsFunc(all(a), func(name string) bool { return name != "" && slices.Contains(all(b), name) })
	case "pod":
		return a.Owner.Pod == b.Owner.Pod || last(a) == last(b)
	}
	return a.Owner.Container == b.Owner.Container || last(a) == last(b) && a.Owner.Cgroup != ""
}

// withoutNames adds what is printed in other forms as long as no name is known.
func withoutNames(events []*event.Event) []*event.Event {
	const id = "aa99aa99aa99aa99aa99aa99aa99aa99aa99aa99aa99aa99aa99aa99aa99aa99"
	add := func(owner event.Owner) {
		e := *events[0]
		e.ID, e.Owner, e.Initiator = uint64(len(events)+1), owner, event.Initiator{}
		e.Netns = event.Netns{}
		events = append(events, &e)
	}
	add(event.Owner{Source: event.FromCurrent, PID: 1, Comm: "python3", Container: "docker/" + id, Cgroup: "/docker/" + id})
	add(event.Owner{Source: event.FromCurrent, PID: 1, Comm: "python3", Container: id, Cgroup: "/batch/" + id})
	add(event.Owner{
		Source: event.FromCurrent, PID: 1, Comm: "java", Container: "containerd/app", Pod: "11111111-2222-3333-4444-555555555555",
		Cgroup: "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod11111111_2222_3333_4444_555555555555.slice/cri-containerd-" + strings.Repeat("ef56", 16) + ".scope",
	})
	add(event.Owner{Source: event.FromCurrent, PID: 1, Comm: "a\\x1b,b \"c\"", Unit: "session-3.scope", Cgroup: "/user.slice/session-3.scope"})
	add(event.Owner{Source: event.FromCurrent, PID: 1, Comm: "\xff\xfe\U000e0001", Container: "lxc/\u202e\n"})
	add(event.Owner{Source: event.FromCgroup, Cgroup: "/machines/a\x1bb"})
	return events
}

// owned is the owner column of the text: process, place, namespace, and by whom.
var owned = regexp.MustCompile(`^(?:(pid \d+|(.+?)\[\d+\])(?: \+\d+ more)?(?: (?:killed by|exited with) \S+| \((?:closed it|connected|listens)\))?(?: in (.+?))?|(.+?))(?:, netns (\S+))?(?: \(by ((.+?)\[\d+\])\))?$`)

// inText are the names on the first line of an event.
func inText(t *testing.T, e *event.Event) printed {
	t.Helper()
	var out bytes.Buffer
	sink := text.New(&out, text.Options{Location: time.UTC})
	if err := sink.Event(e); err != nil {
		t.Fatal(err)
	}
	if err := sink.Flush(time.Time{}); err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(out.String(), "  #")
	names := make(printed)
	names.add("dir", strings.Fields(head)[1])
	_, head, _ = strings.Cut(strings.NewReplacer("←", "→").Replace(head), "→")
	columns := regexp.MustCompile(` {2,}`).Split(head, -1) // peer, cause, owner, errno
	names.add("cause", strings.TrimSuffix(columns[1], " (likely)"))
	parts := owned.FindStringSubmatch(columns[2])
	if parts == nil {
		t.Fatalf("event %d: owner %q in %q", e.ID, columns[2], head)
	}
	names.add("pid", parts[1])
	names.add("comm", parts[2])
	names.add("pid", parts[6])
	names.add("comm", parts[7])
	place := parts[3]
	if e.Owner.PID == 0 && !strings.HasPrefix(parts[4], "netns ") {
		place = parts[4]
	}
	switch {
	case e.Owner.Container == "" && e.Owner.Pod == "" && strings.HasPrefix(place, "/"):
		names.add("cgroup", place)
	case e.Owner.Container == "" && e.Owner.Pod == "":
		names.add("unit", place)
	case e.Owner.Pod != "" && strings.Count(place, "/") < 2:
		names.add("pod", place)
	default:
		names.add("container", place)
	}
	return names
}

// inJSON are the names in the JSON form, as jq -r prints them.
func inJSON(t *testing.T, e *event.Event) printed {
	t.Helper()
	var out bytes.Buffer
	sink := jsonl.New(&out, jsonl.Options{})
	if err := sink.Event(e); err != nil {
		t.Fatal(err)
	}
	if err := sink.Flush(time.Time{}); err != nil {
		t.Fatal(err)
	}
	var line struct {
		Dir, Cause string
		Owner      struct {
			Comm, Cgroup, Container, Unit, Pod string
			Others                             []struct{ Comm string }
		}
		By struct{ Comm string }
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	names := make(printed)
	names.add("dir", line.Dir)
	names.add("cause", line.Cause)
	names.add("comm", line.Owner.Comm)
	names.add("comm", line.By.Comm)
	for _, other := range line.Owner.Others {
		names.add("comm", other.Comm)
	}
	names.add("cgroup", line.Owner.Cgroup)
	names.add("container", line.Owner.Container)
	names.add("unit", line.Owner.Unit)
	names.add("pod", line.Owner.Pod)
	return names
}

// filterOf reads a flag as the command does.
func filterOf(flag, value string) (*filter.Filter, error) {
	known := filter.Vocabulary{Cgroup: func(text string) (string, error) { return filter.ParseCgroup(text, text, cgroups()) }}
	return filter.FromFlag(flag, []string{strings.ReplaceAll(value, ",", `\,`)}, known)
}

// cgroups are those that exist on the host of the events.
func cgroups() (paths []string) {
	for _, e := range withoutNames(fixture.Events()) {
		paths = append(paths, e.Owner.Cgroup)
	}
	return paths
}
