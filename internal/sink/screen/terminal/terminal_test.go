package terminal

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/pty"
	"github.com/rsttrace/rsttrace/internal/sink/screen/view"
)

// pseudo is a terminal, and the program at its other side.
type pseudo struct {
	terminal, other *os.File
	mu              sync.Mutex
	seen            bytes.Buffer
}

func openPseudo(t *testing.T) *pseudo {
	t.Helper()
	terminal, other, err := pty.Open(80, 24)
	if err != nil {
		t.Skip("needs /dev/ptmx:", err)
	}
	p := &pseudo{terminal: terminal, other: other}
	go p.read()
	t.Cleanup(func() { terminal.Close(); other.Close() })
	return p
}

func (p *pseudo) read() {
	part := make([]byte, 4096)
	for {
		n, err := p.other.Read(part)
		if err != nil {
			return
		}
		p.mu.Lock()
		p.seen.Write(part[:n])
		p.mu.Unlock()
	}
}

func (p *pseudo) waitFor(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		p.mu.Lock()
		found := strings.Contains(p.seen.String(), text)
		p.mu.Unlock()
		if found {
			return
		}
	}
	t.Fatalf("the terminal does not show %q: %q", text, p.seen.String())
}

func (p *pseudo) settings(t *testing.T) unix.Termios {
	t.Helper()
	settings, err := unix.IoctlGetTermios(int(p.terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *settings
}

// TestTerminalIsAsBefore: however the screen ends, the terminal has its settings, its
// first screen and its cursor back.
func TestTerminalIsAsBefore(t *testing.T) {
	failure := errors.New("the ring is gone")
	for name, test := range map[string]struct {
		key    string
		work   func(context.Context) error
		cancel bool
		err    error
		panics bool
	}{
		"q":        {key: "q", work: untilEnd},
		"Ctrl-C":   {key: "\x03", work: untilEnd},
		"signal":   {cancel: true, work: untilEnd},
		"ends":     {work: func(context.Context) error { return nil }},
		"fails":    {work: func(context.Context) error { return failure }, err: failure},
		"panics":   {work: func(context.Context) error { panic("broken") }, panics: true},
		"in a key": {key: "w\r", work: untilEnd, err: errFailed},
	} {
		t.Run(name, func(t *testing.T) {
			p := openPseudo(t)
			before := p.settings(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			shown := make(chan struct{})
			o := *newOptions()
			o.In, o.Out = p.terminal, p.terminal
			if errors.Is(test.err, errFailed) {
				fill(t, &o)
				o.Write = func(view.Write) (string, error) { panic("broken") }
			}
			go func() {
				p.waitFor(t, "rsttrace")
				close(shown)
				if test.cancel {
					cancel()
				}
				_, _ = p.other.WriteString(test.key)
			}()
			panicked, err := runWatched(ctx, o, func(ctx context.Context) error {
				<-shown
				return test.work(ctx)
			})
			if panicked != test.panics || !errors.Is(err, test.err) {
				t.Errorf("error %v, panicked: %v", err, panicked)
			}
			if after := p.settings(t); after != before {
				t.Errorf("settings of the terminal were %+v, and are %+v", before, after)
			}
			p.waitFor(t, "\x1b[?1049l") // the first screen
			p.waitFor(t, "\x1b[?25h")   // the cursor
		})
	}
}

func untilEnd(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func runWatched(ctx context.Context, o Options, work func(context.Context) error) (panicked bool, err error) {
	defer func() { panicked = recover() != nil }()
	return false, Run(ctx, o, work)
}

// TestNothingToShow: where work fails before there is anything to see, the terminal is
// left alone.
func TestNothingToShow(t *testing.T) {
	p := openPseudo(t)
	o := *newOptions()
	o.In, o.Out, o.Started = p.terminal, p.terminal, make(chan struct{})
	failure := errors.New("not allowed")
	if err := Run(t.Context(), o, func(context.Context) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("error %v", err)
	}
	_, _ = p.terminal.WriteString("end")
	p.waitFor(t, "end")
	if seen := p.seen.String(); seen != "end" {
		t.Errorf("it wrote %q", seen)
	}
}
