package view_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/playback"
	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/internal/sink/screen"
	"github.com/rsttrace/rsttrace/internal/sink/screen/view"
	"github.com/rsttrace/rsttrace/internal/sink/text"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

var sequences = regexp.MustCompile("\x1b\\[[0-9;]*m")

// checkDrawn wants as many lines as the screen has rows, none of them wider than it is,
// and nothing that a terminal obeys except for styles.
func checkDrawn(t *testing.T, s *view.State, width, height int, when string) {
	t.Helper()
	lines, column, _ := s.Draw()
	if len(lines) != height {
		t.Fatalf("%s at %dx%d: %d lines", when, width, height, len(lines))
	}
	if column >= width {
		t.Errorf("%s at %dx%d: the cursor is in column %d", when, width, height, column)
	}
	for i, l := range lines {
		plain := sequences.ReplaceAllString(l, "")
		if cells := text.Cells(plain); cells > width && width >= 40 { // package text needs 40
			t.Errorf("%s at %dx%d: line %d has %d cells: %q", when, width, height, i, cells, plain)
		}
		for _, r := range plain {
			if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x202e {
				t.Fatalf("%s at %dx%d: line %d has %q: %q", when, width, height, i, r, plain)
			}
		}
	}
}

// TestEveryKeyInEverySize: no key and no size breaks the screen.
func TestEveryKeyInEverySize(t *testing.T) {
	keys := []string{"1", "backspace", "ctrl+w", "ctrl+u", "delete"} // for lines that are typed into
	for _, k := range view.KeyHelps() {
		keys = append(keys, k.Names...)
	}
	for _, size := range [][2]int{{1, 1}, {3, 2}, {10, 4}, {40, 10}, {80, 24}, {149, 30}, {150, 30}, {250, 80}} {
		for _, recorded := range []bool{false, true} {
			s, _ := filled(t, text.Options{Color: true})
			s.Resize(size[0], size[1])
			if recorded {
				s.ShowPlayback(playbackOf(fixture.Events()))
			}
			for round := range 3 {
				for i := range keys {
					k := keys[(i*(round*2+1)+round)%len(keys)] // in another order
					press(s, k)
					checkDrawn(t, s, size[0], size[1], fmt.Sprintf("behind %s", k))
				}
			}
		}
	}
}

func playbackOf(events []*event.Event) view.Playback {
	last := events[len(events)-1].Time
	return view.Playback{State: playback.State{First: events[0].Time, Last: last, At: last, Counts: []uint64{1, 5, 0, 3}}}
}

// TestEmptyScreen: before the first reset every key works, too.
func TestEmptyScreen(t *testing.T) {
	s := view.New("web-1", view.NewTheme(text.Options{}), time.UTC)
	for _, k := range view.KeyHelps() {
		for _, name := range k.Names {
			press(s, name)
			checkDrawn(t, s, 80, 24, "behind "+name)
			press(s, "esc")
		}
	}
}

// TestNoKeyTwice: a key has one meaning in a live run, and one in a recording.
func TestNoKeyTwice(t *testing.T) {
	seen := make(map[string]string)
	for _, k := range view.KeyHelps() {
		for _, name := range k.Names {
			if name == "space" {
				name += " " + k.Group
			}
			if before, twice := seen[name]; twice {
				t.Errorf("%s: %s, and %s", name, before, k.Help)
			}
			seen[name] = k.Help
		}
	}
}

func TestHelpHasEveryKey(t *testing.T) {
	s, _ := filled(t, text.Options{})
	s.Resize(120, 80)
	press(s, "?")
	screen := drawn(s)
	for _, k := range view.KeyHelps() {
		if !strings.Contains(screen, k.Keys) || !strings.Contains(screen, k.Help) {
			t.Errorf("the help lacks %s: %s", k.Keys, k.Help)
		}
	}
}

func TestFreeze(t *testing.T) {
	s, known := filled(t, text.Options{})
	press(s, "space")
	later := fixture.Events()[0]
	later.ID, later.Time = 99, later.Time.Add(time.Hour)
	later.Peer.Port = 4242
	if err := known.Event(later); err != nil {
		t.Fatal(err)
	}
	s.Show(known.Snapshot())
	screen := drawn(s)
	if !strings.Contains(screen, "FROZEN") || !strings.Contains(screen, "21 resets") || strings.Contains(screen, ":4242") {
		t.Errorf("frozen:\n%s", screen)
	}
	press(s, "space")
	if screen := drawn(s); strings.Contains(screen, "FROZEN") || !strings.Contains(screen, ":4242") {
		t.Errorf("not frozen any more:\n%s", screen)
	}
}

func TestFilter(t *testing.T) {
	s, known := filled(t, text.Options{})
	press(s, "/", "c", "a", "u", "s", "e", "space", "l", "i", "n", "tab")
	asked := press(s, "enter")
	if len(asked) != 1 {
		t.Fatalf("asked for %v", asked)
	}
	f := asked[0].(view.Show).Filter
	if got := f.Filter.String(); got != "cause linger-zero" {
		t.Errorf("filter %q", got)
	}
	known.Show(f)
	s.Show(known.Snapshot())
	if screen := drawn(s); !strings.Contains(screen, "/cause linger-zero") || !strings.Contains(screen, "events 1") {
		t.Errorf("filtered:\n%s", screen)
	}
	if asked := press(s, "esc"); len(asked) != 1 || asked[0] != (view.Show{}) {
		t.Errorf("Esc asked for %v", asked)
	}
}

// TestWrongFilter: the mistake is named, and what was typed stays.
func TestWrongFilter(t *testing.T) {
	s, _ := filled(t, text.Options{})
	s.Resize(120, 24)
	press(s, "/", "p", "o", "r", "t", "space", "x")
	if asked := press(s, "enter"); asked != nil {
		t.Fatalf("asked for %v", asked)
	}
	if screen := drawn(s); !strings.Contains(screen, "/port x") || !strings.Contains(screen, "1 to 65535") {
		t.Errorf("the screen:\n%s", screen)
	}
}

func TestOnly(t *testing.T) {
	s, _ := filled(t, text.Options{})
	if asked := press(s, "down", "o"); len(asked) != 1 || asked[0].(view.Show).Filter.Finding == 0 {
		t.Errorf("of a finding: %v", asked)
	}
	if asked := press(s, "shift+tab", "o"); len(asked) != 1 || !strings.HasPrefix(asked[0].(view.Show).Filter.Filter.String(), "dir ") {
		t.Errorf("of a cause: %v", asked)
	}
}

func TestMarkAndWrite(t *testing.T) {
	s, _ := filled(t, text.Options{})
	press(s, "tab", "m", "down", "m", "w", "ctrl+u", "a", ".", "j", "s", "o", "n", "l")
	asked := press(s, "enter")
	if len(asked) != 1 {
		t.Fatalf("asked for %v", asked)
	}
	w := asked[0].(view.Write)
	if w.Path != "a.jsonl" || len(w.Events) != 2 || len(w.Findings) != 2 {
		t.Errorf("write %q, %d events, %d findings", w.Path, len(w.Events), len(w.Findings))
	}
	if w.Events[0].Time.After(w.Events[1].Time) {
		t.Error("the newest comes first")
	}
	press(s, "M", "w")
	if w := press(s, "enter")[0].(view.Write); w.Path != "resets.pcapng" || len(w.Events) != len(fixture.Events()) {
		t.Errorf("without marks: write %q, %d events", w.Path, len(w.Events))
	}
	press(s, "w", "ctrl+u", "x")
	if asked := press(s, "enter"); asked != nil {
		t.Errorf("a name without a kind: %v", asked)
	}
}

// TestOtherEnd goes from one event of a pair to the other one, and back.
func TestOtherEnd(t *testing.T) {
	known := screen.New(screen.Options{})
	sent, received := *fixture.Events()[0], *fixture.Events()[1]
	sent.ID, received.ID, received.PeerEvent = 1, 2, 1
	for _, e := range []*event.Event{&sent, &received} {
		if err := known.Event(e); err != nil {
			t.Fatal(err)
		}
	}
	s := view.New("web-1", view.NewTheme(text.Options{}), time.UTC)
	s.Show(known.Snapshot())
	press(s, "tab", "enter") // the newest
	for _, want := range []string{"event #1", "event #2"} {
		press(s, "p")
		if screen := drawn(s); !strings.Contains(screen, want) || !strings.Contains(screen, "The other end") {
			t.Errorf("p does not show %s with its other end:\n%s", want, screen)
		}
	}
}

func TestChosenRowStays(t *testing.T) {
	s, known := filled(t, text.Options{})
	press(s, "tab", "down", "down", "enter")
	before := strings.Split(drawn(s), "\n")[1]
	for i := range 5 {
		if err := known.Event(&event.Event{ID: uint64(100 + i), Time: time.Now(), Dir: event.Sent, Cause: cause.ClosedPort}); err != nil {
			t.Fatal(err)
		}
	}
	s.Show(known.Snapshot())
	if after := strings.Split(drawn(s), "\n")[1]; after != before {
		t.Errorf("chosen was %q, and is %q", before, after)
	}
	press(s, "esc", "g", "enter")
	if after := strings.Split(drawn(s), "\n")[1]; !strings.Contains(after, "event #104") {
		t.Errorf("g does not follow what is new: %q", after)
	}
}

func TestTimeUnderTheArrows(t *testing.T) {
	s, _ := filled(t, text.Options{})
	events := fixture.Events()
	at := playbackOf(events)
	s.ShowPlayback(at)
	to := func(name string) time.Time { return press(s, name)[0].(view.Seek).To }
	if got := to("["); !got.Equal(at.First) {
		t.Errorf("[ goes to %v", got)
	}
	if got := to("left"); !got.Before(at.Last) || got.Before(at.First) {
		t.Errorf("← goes to %v", got)
	}
	if got := to("right"); !got.Equal(at.Last) {
		t.Errorf("→ at the end goes to %v", got)
	}
	if got := to(","); !got.Equal(events[len(events)-2].Time) {
		t.Errorf(", goes to %v, want %v", got, events[len(events)-2].Time)
	}
	short := at.Last.Sub(to("left"))
	press(s, "+")
	if long := at.Last.Sub(to("left")); long <= short {
		t.Errorf("a longer step is %v, and was %v", long, short)
	}
	at.At, at.Next = at.First, events[1].Time
	s.ShowPlayback(at)
	if got := to("."); !got.Equal(events[1].Time) {
		t.Errorf(". goes to %v, want %v", got, events[1].Time)
	}
	// It is not known yet which event is next, so the key has to wait for it.
	at.Next, at.Reading = time.Time{}, true
	s.ShowPlayback(at)
	if asked := press(s, "."); len(asked) > 0 {
		t.Errorf(". asks for %v before it is read", asked)
	}
	if asked := s.ShowPlayback(at); len(asked) > 0 {
		t.Errorf("nothing was read, and yet: %v", asked)
	}
	at.Next, at.Reading = events[1].Time, false
	if asked := s.ShowPlayback(at); len(asked) != 1 || asked[0] != (view.Seek{To: events[1].Time}) {
		t.Errorf("the next event is read, and the screen asks for %v", asked)
	}
	if asked := s.ShowPlayback(at); len(asked) > 0 {
		t.Errorf("one key goes to one event, and then: %v", asked)
	}
	if asked := press(s, "space"); len(asked) != 1 || asked[0] != (view.Play{On: true}) {
		t.Errorf("space asks for %v", asked)
	}
}

func TestRequests(t *testing.T) {
	s, _ := filled(t, text.Options{})
	for name, want := range map[string]view.Request{"q": view.Quit{}, "ctrl+c": view.Quit{}, "ctrl+z": view.Suspend{}, "ctrl+l": view.Redraw{}} {
		if asked := press(s, name); len(asked) != 1 || asked[0] != want {
			t.Errorf("%s asks for %v", name, asked)
		}
	}
	press(s, "/", "q")
	if asked := press(s, "ctrl+c"); len(asked) != 1 || asked[0] != (view.Quit{}) {
		t.Errorf("Ctrl-C while something is typed asks for %v", asked)
	}
}

func TestSortAndColumns(t *testing.T) {
	s, _ := filled(t, text.Options{})
	s.Resize(200, 40)
	press(s, "tab", "s", "s")
	if screen := drawn(s); !strings.Contains(screen, "by owner") {
		t.Errorf("not sorted by owner:\n%s", screen)
	}
	press(s, "c", "down", "down", "space", "esc")
	if heading := headingOf(drawn(s), "TIME"); strings.Contains(heading, "DIR") {
		t.Errorf("the column is still there: %s", heading)
	}
}

func headingOf(screen, begins string) string {
	for l := range strings.Lines(sequences.ReplaceAllString(screen, "")) {
		if strings.HasPrefix(l, begins) {
			return l
		}
	}
	return ""
}

// TestWideNames: a name of wide characters moves no column.
func TestWideNames(t *testing.T) {
	known := screen.New(screen.Options{})
	for i, comm := range []string{"nginx", "世界世界", "caf\u00e9", "e\u0301e\u0301", "한국어"} {
		e := *fixture.Events()[0]
		e.ID, e.Owner.Comm, e.Owner.Container = uint64(i+1), comm, ""
		if err := known.Event(&e); err != nil {
			t.Fatal(err)
		}
	}
	s := view.New("web-1", view.NewTheme(text.Options{}), time.UTC)
	s.Resize(140, 24)
	s.Show(known.Snapshot())
	at := -1
	for l := range strings.Lines(sequences.ReplaceAllString(drawn(s), "")) {
		before, _, found := strings.Cut(l, fixture.Events()[0].Summary[:10])
		if !found || !strings.Contains(l, "[812]") {
			continue
		}
		if cells := text.Cells(before); at >= 0 && cells != at {
			t.Errorf("the story begins in column %d, and in another line in %d: %s", at, cells, l)
		}
		at = text.Cells(before)
	}
	if at < 0 {
		t.Errorf("no story on the screen:\n%s", drawn(s))
	}
}
