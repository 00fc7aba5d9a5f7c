package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rsttrace/rsttrace/internal/sink/screen/view"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestWrongTop: what is wrong with a command line of the screen is said before the screen
// is there.
func TestWrongTop(t *testing.T) {
	path := incident(t)
	for _, test := range []struct {
		args string
		want string
	}{
		{"top", "the standard output is no terminal"},
		{"top -", "keys come from the standard input"},
		{"top --filter x", "filter: "},
		{"top --filter=", "--filter: must not be empty"},
		{"top -w -", "the screen is on the standard output"},
		{"top --local 192.0.2.1", "there is no file"},
		{"top --duration 0s", "want more than 0"},
		{"top --cause refused --direction sent", "add --direction received"},
		{"top --max-rate 5 " + path, "--max-rate: is for a live run"},
		{"top -w x.pcapng " + path, "--write: is for a live run"},
	} {
		t.Run(test.args, func(t *testing.T) {
			p := command(t, strings.Fields(test.args)...)
			if code := p.finish(t); code != exitUsage || !strings.Contains(p.stderr.String(), test.want) || p.stdout.Len() > 0 {
				t.Errorf("exit code %d, stdout %q, stderr %q; want %q", code, &p.stdout, &p.stderr, test.want)
			}
		})
	}
}

// TestLiveOnlyFlags: every flag of a session and of a recording is refused beside files.
func TestLiveOnlyFlags(t *testing.T) {
	var session sessionFlags
	var recording recordFlags
	live := &cobra.Command{}
	session.register(live)
	recording.register(live)
	live.Flags().Duration("duration", 0, "")
	var want []string
	live.Flags().VisitAll(func(flag *pflag.Flag) {
		if !flag.Hidden {
			want = append(want, flag.Name)
		}
	})
	got := slices.Clone(liveOnly)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// incident is a recording of three resets, a second between two.
func incident(t *testing.T) string {
	t.Helper()
	recording, _ := recorded(t)
	events := readBack(t, recording)
	for i, e := range events {
		e.Time = time.Date(2026, 3, 3, 3, 0, i, 0, time.UTC)
	}
	path := filepath.Join(t.TempDir(), "resets.jsonl")
	if _, err := writeChosen(view.Write{Path: path, Events: events}); err != nil {
		t.Fatal(err)
	}
	return path
}

// readBack reads the events of a recording.
func readBack(t *testing.T, path string) (events []*event.Event) {
	t.Helper()
	read := &keptEvents{}
	must(t, readAll(t.Context(), []string{path}, read, nil, newInputOptions(io.Discard), io.Discard))
	return read.all
}

type keptEvents struct {
	event.NopSink
	all []*event.Event
}

func (k *keptEvents) Event(e *event.Event) error {
	k.all = append(k.all, e.Clone())
	return nil
}

// pane is a shell in tmux.
type pane struct {
	t      *testing.T
	socket string
}

func openPane(t *testing.T, width, height int) *pane {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("needs tmux")
	}
	p := &pane{t, filepath.Join(t.TempDir(), "tmux")}
	// tmux starts a command of several words without the shell of the user, which may be nologin.
	p.tmux("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height), "bash", "--norc", "--noprofile")
	t.Cleanup(func() { p.tmux("kill-server") })
	p.tmux("set-option", "-g", "window-size", "manual")
	p.run("PS1='ready> '; export " + commandVariable + "=1 LANG=C.UTF-8")
	p.await("ready>")
	return p
}

func (p *pane) tmux(args ...string) string {
	p.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", p.socket}, args...)...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// run types a command.
func (p *pane) run(line string) {
	p.t.Helper()
	p.tmux("send-keys", "-l", line)
	p.press("Enter")
}

func (p *pane) press(keys ...string) {
	p.t.Helper()
	for _, k := range keys {
		p.tmux("send-keys", k)
	}
}

func (p *pane) content() string { return p.tmux("capture-pane", "-p") }

// await waits until the pane shows all of some texts.
func (p *pane) await(parts ...string) string {
	p.t.Helper()
	var content string
next:
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		content = p.content()
		for _, part := range parts {
			if !strings.Contains(content, part) {
				continue next
			}
		}
		return content
	}
	p.t.Fatalf("the pane does not show %q:\n%s", parts, content)
	return ""
}

func (p *pane) resize(width, height int) {
	p.t.Helper()
	p.tmux("resize-window", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height))
}

// settings are those of the terminal, as stty writes them.
func (p *pane) settings() string {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), "settings")
	p.run("stty -g >" + file + "; clear")
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if text, err := os.ReadFile(file); err == nil && len(text) > 0 {
			return string(text)
		}
	}
	p.t.Fatal("stty says nothing")
	return ""
}

// rsttrace is the command in a shell.
func rsttrace(args string) string { return "/proc/" + fmt.Sprint(os.Getpid()) + "/exe " + args }

// TestScreen is a whole life of the screen in a real terminal: real resets come, keys are
// pressed, the terminal gets another size, and the shell comes between.
func TestScreen(t *testing.T) {
	needRoot(t)
	p := openPane(t, 80, 24)
	before := p.settings()
	address := ownAddress()
	p.run(rsttrace("top --host " + address))
	p.await("rsttrace ", "FINDING", "? help  q quit")
	refuse(t, address)
	p.await("nothing-listens", "closed-port", address+":1")

	p.press("Tab", "Enter")
	p.await("event #", "evidence: hook=", "The other end")
	p.press("p")
	p.await("event #1")
	p.press("Escape")
	p.await("nothing-listens", "FINDING")

	p.resize(160, 40)
	content := p.await("│", "What it means")
	if rows := len(lines(content)); rows != 40 {
		t.Errorf("%d rows in a terminal of 40:\n%s", rows, content)
	}
	p.resize(80, 24)

	p.press("/")
	p.tmux("send-keys", "-l", "received and cause refu")
	p.press("Tab", "Enter")
	p.await("/received and cause refused", "findings 1", "? help")
	refuse(t, address)

	p.press("C-z")
	p.await("Stopped", "ready>")
	p.run("fg")
	p.await("rsttrace ", "FINDING")
	p.press("Space")
	p.await("FROZEN")
	p.press("q")
	p.await("ready>", "closed-port", " shown, ")
	if after := p.settings(); after != before {
		t.Errorf("the settings of the terminal were %s and are %s", before, after)
	}
}

// TestScreenPlays: a recording is shown as it was at each moment, and what is chosen can be
// written.
func TestScreenPlays(t *testing.T) {
	path := incident(t)
	p := openPane(t, 100, 30)
	p.run("cd " + t.TempDir() + "; " + rsttrace("top "+path))
	p.await("resets.jsonl", "3 resets", "paused")
	p.press("[")
	p.await("03:00:00  1 reset")
	p.press(".")
	p.await("2 resets")
	p.press("]")
	p.await("3 resets")
	p.press("Tab", "m", "w")
	p.await("write 1 marked to: resets.pcapng")
	p.press("Enter")
	p.await("written: resets.pcapng, 1 event")
	p.press("w", "Enter")
	p.await("resets.pcapng exists")
	p.press("M", "w", "C-u")
	p.tmux("send-keys", "-l", "all.html")
	p.press("Enter")
	p.await("written: all.html, 3 events")
	p.press("q")
	p.await("\nready>\n") // the screen may take keys until it has ended
	p.run("clear; " + rsttrace("read resets.pcapng"))
	p.await("ready>", "#")
}

// TestScreenWithoutColour: NO_COLOR leaves no colour, and the chosen row can still be seen.
func TestScreenWithoutColour(t *testing.T) {
	path := incident(t)
	for _, test := range []struct {
		setting string
		colours bool
	}{{"NO_COLOR=1", false}, {"NO_COLOR=", true}} {
		p := openPane(t, 80, 24)
		p.run(test.setting + " " + rsttrace("top "+path))
		p.await("3 resets", "FINDING")
		drawn := p.tmux("capture-pane", "-p", "-e")
		if got := strings.Contains(drawn, "\x1b[35m") || strings.Contains(drawn, "\x1b[36m"); got != test.colours {
			t.Errorf("%s: colours: %v\n%q", test.setting, got, drawn)
		}
		if !strings.Contains(drawn, "\x1b[7m") && !strings.Contains(drawn, ";7m") {
			t.Errorf("%s: nothing is reversed\n%q", test.setting, drawn)
		}
		p.press("q")
	}
}

// TestWriteChosen: each kind of file is what rsttrace reads, and no file is replaced.
func TestWriteChosen(t *testing.T) {
	recording := incident(t)
	events := readBack(t, recording)
	for kind, write := range writers {
		t.Run(kind, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "chosen"+kind)
			chosen := view.Write{Path: path, Events: events}
			if what, err := writeChosen(chosen); err != nil || !strings.Contains(what, path) {
				t.Fatalf("%q, %v", what, err)
			}
			info, err := os.Stat(path)
			must(t, err)
			if info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v", info.Mode())
			}
			if err := write(chosen); err == nil || !strings.Contains(err.Error(), "exists") {
				t.Errorf("a second time: %v", err)
			}
			if kind == ".html" {
				if page := readPage(t, path); !strings.Contains(page, "The page has all events: 3.") {
					t.Error("the page lacks events")
				}
				return
			}
			if again := readBack(t, path); len(again) != len(events) || again[0].Cause != events[0].Cause || again[0].Evidence != events[0].Evidence {
				t.Errorf("%d events come back of %d", len(again), len(events))
			}
		})
	}
}
