package terminal

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/exp/teatest/v2"

	"github.com/rsttrace/rsttrace/internal/playback"
	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/internal/sink/screen"
	"github.com/rsttrace/rsttrace/internal/sink/screen/view"
	"github.com/rsttrace/rsttrace/internal/sink/text"
)

// patience is for a machine that does much else.
var patience = teatest.WithDuration(time.Minute)

func newOptions() *Options {
	return &Options{
		Known: screen.New(screen.Options{}), State: view.New("web-1", view.NewTheme(text.Options{}), time.UTC),
		Write: func(view.Write) (string, error) { return "written: all", nil },
	}
}

func fill(t *testing.T, o *Options) {
	t.Helper()
	for _, e := range fixture.Events() {
		if err := o.Known.Event(e); err != nil {
			t.Fatal(err)
		}
	}
}

func startModel(t *testing.T, o *Options) *teatest.TestModel {
	t.Helper()
	return teatest.NewTestModel(t, newModel(o, &paced{}), teatest.WithInitialTermSize(100, 30))
}

func waitForText(t *testing.T, tm *teatest.TestModel, part string) {
	t.Helper()
	teatest.WaitFor(t, tm.Output(), func(seen []byte) bool { return bytes.Contains(seen, []byte(part)) }, patience)
}

// TestShowsWhatComes: what the stream brings is on the screen without a key.
func TestShowsWhatComes(t *testing.T) {
	o := newOptions()
	tm := startModel(t, o)
	waitForText(t, tm, "0 resets")
	fill(t, o)
	waitForText(t, tm, "unread-data-on-close")
	tm.Send(tea.KeyPressMsg{Code: 'q', Text: "q"})
	tm.WaitFinished(t, teatest.WithFinalTimeout(30*time.Second))
}

// TestFilterReachesTheSink: what is typed chooses what the sink shows.
func TestFilterReachesTheSink(t *testing.T) {
	o := newOptions()
	tm := startModel(t, o)
	tm.Type("/cause refused")
	tm.Send(tea.KeyPressMsg{Code: tea.KeyEnter})
	got := ""
	for deadline := time.Now().Add(time.Minute); got != "cause refused" && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		got = o.Known.Snapshot().Filter.Filter.String()
	}
	if got != "cause refused" {
		t.Errorf("filter %q", got)
	}
	if err := tm.Quit(); err != nil {
		t.Fatal(err)
	}
}

// TestWriting says what was written, and what was not.
func TestWriting(t *testing.T) {
	for _, failure := range []error{nil, errors.New("no room")} {
		o := newOptions()
		o.Write = func(w view.Write) (string, error) {
			if len(w.Events) != len(fixture.Events()) || w.Path != "resets.pcapng" {
				t.Errorf("%d events to %s", len(w.Events), w.Path)
			}
			return "written: all of it", failure
		}
		fill(t, o)
		tm := startModel(t, o)
		tm.Type("w")
		tm.Send(tea.KeyPressMsg{Code: tea.KeyEnter})
		if failure == nil {
			waitForText(t, tm, "all of it") // only cells that differ are written
		} else {
			waitForText(t, tm, "no room")
		}
		if err := tm.Quit(); err != nil {
			t.Fatal(err)
		}
	}
}

// fakePlayer is a recording of ten seconds.
type fakePlayer struct{ at chan time.Time }

var first = time.Date(2026, 3, 3, 3, 0, 0, 0, time.UTC)

func (p fakePlayer) To(at time.Time) { p.at <- at }
func (p fakePlayer) State() playback.State {
	return playback.State{First: first, Last: first.Add(10 * time.Second), At: first.Add(5 * time.Second), Counts: []uint64{1, 2, 3}}
}

// TestTimePasses: arrows seek, and Space lets the time of a recording pass.
func TestTimePasses(t *testing.T) {
	o := newOptions()
	p := fakePlayer{make(chan time.Time, 1000)}
	o.Player = p
	tm := startModel(t, o)
	waitForText(t, tm, "paused")
	tm.Send(tea.KeyPressMsg{Code: tea.KeyLeft})
	if at := <-p.at; !at.Before(first.Add(5 * time.Second)) {
		t.Errorf("← goes to %v", at)
	}
	tm.Send(tea.KeyPressMsg{Code: tea.KeySpace, Text: " "})
	if at := <-p.at; !at.After(first.Add(5 * time.Second)) {
		t.Errorf("time passes to %v", at)
	}
	waitForText(t, tm, "lays") // of "paused" the first letter is there already
	if err := tm.Quit(); err != nil {
		t.Fatal(err)
	}
}

// TestSlowTerminal: the slower the line, the rarer it is drawn.
func TestSlowTerminal(t *testing.T) {
	nowhere, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer nowhere.Close()
	for took, want := range map[time.Duration]time.Duration{
		0:                      drawEvery,
		drawEvery / partOfLine: drawEvery,
		300 * time.Millisecond: partOfLine * 300 * time.Millisecond,
		time.Minute:            drawRarely,
	} {
		at := time.Unix(0, 0)
		out := &paced{File: nowhere, clock: func() time.Time {
			at = at.Add(took)
			return at
		}}
		if _, err := out.Write([]byte("x")); err != nil || out.pause() != want {
			t.Errorf("a terminal that takes %v is drawn every %v, want %v: %v", took, out.pause(), want, err)
		}
	}
}
