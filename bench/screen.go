package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rsttrace/rsttrace/internal/pty"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// screen is rsttrace top in a terminal of 200 by 50, whose keys somebody presses. How long
// it takes until they are answered is added to waits.
func screen(program string, waits *keyWaits) tracer {
	return tracer{name: "rsttrace top", start: func(*loadns) (running, error) {
		s, err := startScreen(program, waits)
		if err != nil {
			return nil, err
		}
		return s, nil
	}}
}

// runningScreen is the live screen, attached.
type runningScreen struct {
	*process
	person *os.File
	waits  *keyWaits

	mutex sync.Mutex
	seen  []byte        // the last of what it has written
	ended chan struct{} // nothing more comes
	quiet chan struct{} // no key is pressed any more
}

func startScreen(program string, waits *keyWaits) (*runningScreen, error) {
	folder, err := os.MkdirTemp("", "rsttrace-bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	ready := filepath.Join(folder, "ready")
	p, err := newProcess(program, "top", "--ready-file", ready)
	if err != nil {
		return nil, err
	}
	terminal, person, err := pty.Open(200, 50)
	if err != nil {
		return nil, err
	}
	defer terminal.Close()
	p.cmd.Stdin, p.cmd.Stdout = terminal, terminal
	p.cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LANG=C.UTF-8")
	s := &runningScreen{process: p, person: person, waits: waits, ended: make(chan struct{}), quiet: make(chan struct{})}
	go s.read()
	if err := p.launch(p.cmd.Start, func() bool { return exists(ready)() && s.shows(helpHint) }); err != nil {
		person.Close()
		return nil, err
	}
	go s.pressKeys()
	return s, nil
}

// What the screen shows with and without its help.
const (
	helpHint  = "? help"
	helpTitle = "any other key closes"
)

// seenMax is more than a screen, or the totals at the end.
const seenMax = 1 << 16

func (s *runningScreen) read() {
	defer close(s.ended)
	part := make([]byte, seenMax)
	for {
		n, err := s.person.Read(part)
		if err != nil {
			return // nobody has the terminal open any more
		}
		s.mutex.Lock()
		s.seen = append(s.seen, part[:n]...)
		s.seen = s.seen[max(0, len(s.seen)-seenMax):]
		s.mutex.Unlock()
	}
}

func (s *runningScreen) shows(text string) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return bytes.Contains(s.seen, []byte(text))
}

// pressKeys opens the help and closes it, again and again.
func (s *runningScreen) pressKeys() {
	defer close(s.quiet)
	for {
		s.mutex.Lock()
		s.seen = nil
		s.mutex.Unlock()
		pressed := time.Now()
		if _, err := s.person.WriteString("?"); err != nil {
			return
		}
		for !s.shows(helpTitle) {
			select {
			case <-s.ended:
				return
			case <-time.After(time.Millisecond):
			}
		}
		s.waits.add(time.Since(pressed))
		if _, err := s.person.WriteString("x"); err != nil {
			return
		}
		select {
		case <-s.ended:
			return
		case <-time.After(betweenKeys):
		}
	}
}

// betweenKeys is as fast as somebody types.
const betweenKeys = 100 * time.Millisecond

func (s *runningScreen) kill() {
	s.process.kill()
	s.person.Close()
}

func (s *runningScreen) stop(l load, operations uint64) (account, error) {
	cpu, err := s.interrupt()
	if err != nil {
		return account{}, err
	}
	if s.cmd.ProcessState.ExitCode() != 0 {
		return account{}, s.failure("failed")
	}
	<-s.ended
	<-s.quiet
	totals, err := readScreenTotals(string(s.seen))
	if err != nil {
		return account{}, err
	}
	return account{lost: totals.Lost, cpu: cpu}, totals.check(l, operations)
}

// The lines of the totals that the screen leaves behind.
var (
	countLine   = regexp.MustCompile(`(?m)^(sent|received|ignored) +([a-z0-9-]+) +([0-9]+)\s*$`)
	accountLine = regexp.MustCompile(`(?m)^[0-9]+ events?: ([0-9]+) shown, ([0-9]+) not shown, ([0-9]+) lost, ([0-9]+) missed`)
)

// readScreenTotals finds the totals behind the screen.
func readScreenTotals(seen string) (*totals, error) {
	text := strings.ReplaceAll(regexp.MustCompile("\x1b\\[[0-9;?]*[a-zA-Z]").ReplaceAllString(seen, ""), "\r", "")
	account := accountLine.FindStringSubmatch(text)
	if account == nil {
		return nil, fmt.Errorf("the screen has left no totals behind: %q", text[max(0, len(text)-200):])
	}
	number := func(text string) uint64 {
		n, _ := strconv.ParseUint(text, 10, 64) // it has digits only
		return n
	}
	t := &totals{Shown: number(account[1]), NotShown: number(account[2]), Lost: number(account[3]), Missed: number(account[4])}
	for _, m := range countLine.FindAllStringSubmatch(text, -1) {
		t.Causes = append(t.Causes, event.Count{Dir: event.Dir(m[1]), Cause: event.CauseID(m[2]), Events: number(m[3])})
	}
	return t, nil
}

// keyWaits is how long keys waited for their answer.
type keyWaits struct {
	mutex sync.Mutex
	all   []time.Duration
}

func (k *keyWaits) add(wait time.Duration) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.all = append(k.all, wait)
}

// report says it in a sentence, "" if no key was pressed.
func (k *keyWaits) report() string {
	if k == nil || len(k.all) == 0 {
		return ""
	}
	slices.Sort(k.all)
	at := func(percent int) int64 { return k.all[(len(k.all)-1)*percent/100].Milliseconds() }
	return fmt.Sprintf("During refused connects, `rsttrace top` answered a key after %d ms (median of %d; 95 %% within %d ms).", at(50), len(k.all), at(95))
}
