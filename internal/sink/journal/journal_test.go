package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/sink"
	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// journald is a socket in its place.
type journald struct {
	t    *testing.T
	path string
	conn *net.UnixConn
}

func listen(t *testing.T) *journald {
	t.Helper()
	j := &journald{t: t, path: filepath.Join(t.TempDir(), "socket")}
	j.listen()
	return j
}

func (j *journald) listen() {
	j.t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: j.path, Net: "unixgram"})
	must(j.t, err)
	j.t.Cleanup(func() { _ = conn.Close() })
	j.conn = conn
}

// next reads an entry by the rules of the protocol.
func (j *journald) next() map[string]string {
	j.t.Helper()
	must(j.t, j.conn.SetReadDeadline(time.Now().Add(time.Minute)))
	datagram, rights := make([]byte, 1<<20), make([]byte, 1024)
	n, rightsLen, _, _, err := j.conn.ReadMsgUnix(datagram, rights)
	must(j.t, err)
	entry := datagram[:n]
	if rightsLen > 0 {
		if n > 0 {
			j.t.Error("an entry is beside a file")
		}
		entry = j.file(rights[:rightsLen])
	}
	return parse(j.t, entry)
}

// file reads an entry that came as a file, which must be sealed.
func (j *journald) file(rights []byte) []byte {
	j.t.Helper()
	messages, err := unix.ParseSocketControlMessage(rights)
	must(j.t, err)
	fds, err := unix.ParseUnixRights(&messages[0])
	must(j.t, err)
	file := os.NewFile(uintptr(fds[0]), "entry")
	defer file.Close()
	seals, err := unix.FcntlInt(file.Fd(), unix.F_GET_SEALS, 0)
	must(j.t, err)
	const all = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	if seals&all != all {
		j.t.Errorf("seals %x", seals)
	}
	entry, err := io.ReadAll(io.NewSectionReader(file, 0, 1<<20))
	must(j.t, err)
	return entry
}

func parse(t *testing.T, entry []byte) map[string]string {
	t.Helper()
	fields := map[string]string{}
	for len(entry) > 0 {
		line, rest, found := bytes.Cut(entry, []byte("\n"))
		if !found {
			t.Fatalf("an entry ends with %q", entry)
		}
		name, value, isText := strings.Cut(string(line), "=")
		if !isText {
			size := binary.LittleEndian.Uint64(rest)
			value = string(rest[8 : 8+size])
			if rest[8+size] != '\n' {
				t.Fatalf("%s ends with %q", name, rest[8+size])
			}
			rest = rest[9+size:]
		}
		if _, twice := fields[name]; twice {
			t.Errorf("%s is there twice", name)
		}
		fields[name], entry = value, rest
	}
	return fields
}

func open(t *testing.T, path string) *Sink {
	t.Helper()
	s, err := New(Options{Socket: path})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestEvent(t *testing.T) {
	j := listen(t)
	s := open(t, j.path)
	must(t, s.Event(fixture.Events()[0]))
	got := j.next()
	json := got["RSTTRACE_JSON"]
	delete(got, "RSTTRACE_JSON")
	want := map[string]string{
		"MESSAGE":  "Event 1, unread-data-on-close: nginx closed the connection with 1448 received bytes unread, so a RST went out instead of a FIN. read to EOF before close, or shutdown(SHUT_WR) and drain; nginx: lingering_close always.",
		"PRIORITY": "6", "SYSLOG_IDENTIFIER": "rsttrace", "RSTTRACE_KIND": "event", "RSTTRACE_EVENT": "1",
		"RSTTRACE_CAUSE": "unread-data-on-close", "RSTTRACE_DIRECTION": "sent", "RSTTRACE_CERTAINTY": "exact",
		"RSTTRACE_REMEDY": "read to EOF before close, or shutdown(SHUT_WR) and drain; nginx: lingering_close always",
		"RSTTRACE_LOCAL":  "10.0.0.5:8080", "RSTTRACE_PEER": "10.0.0.9:51234", "RSTTRACE_NETNS": "host",
		"RSTTRACE_PID": "812", "RSTTRACE_COMM": "nginx", "RSTTRACE_UNIT": "nginx.service",
		"RSTTRACE_UNREAD_BYTES": "1448", "RSTTRACE_UNACKED_BYTES": "96",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var read []*event.Event
	must(t, event.Decode([]byte(json), &keeper{events: &read}))
	if len(read) != 1 || read[0].ID != 1 {
		t.Errorf("RSTTRACE_JSON is %s", json)
	}
}

type keeper struct {
	event.NopSink
	events *[]*event.Event
}

func (k *keeper) Event(e *event.Event) error { *k.events = append(*k.events, e); return nil }

// TestEveryKind: each item is an entry, with its priority.
func TestEveryKind(t *testing.T) {
	j := listen(t)
	s := open(t, j.path)
	must(t, s.Followup(fixture.Followups()[0]))
	must(t, s.Finding(&event.Finding{ID: 3, Summary: "it happened", Pattern: "scan"}))
	must(t, s.Finding(&event.Finding{ID: 4, Summary: "it happened", Harmless: true}))
	must(t, s.Loss(&event.Loss{Time: fixture.Start}))
	must(t, s.Loss(fixture.Loss()))
	must(t, s.Totals(fixture.Totals()))
	must(t, s.Audit(&event.Audit{OK: true}))
	must(t, s.Audit(&event.Audit{}))
	must(t, s.Flush(fixture.Start))
	var got []string
	for range 7 {
		e := j.next()
		got = append(got, e["PRIORITY"]+" "+e["RSTTRACE_KIND"]+" "+e["RSTTRACE_FINDING"])
		if e["MESSAGE"] == "" || e["RSTTRACE_JSON"] == "" {
			t.Errorf("%v", e)
		}
	}
	want := []string{"6 followup ", "4 finding 3", "6 finding 4", "4 lost ", "6 counts ", "6 audit ", "4 audit "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestHostileNames: a line break in a name begins no field.
func TestHostileNames(t *testing.T) {
	j := listen(t)
	s := open(t, j.path)
	e := fixture.Events()[0]
	e.Owner.Comm = "a\nPRIORITY=0\nb"
	must(t, s.Event(e))
	got := j.next()
	if got["RSTTRACE_COMM"] != e.Owner.Comm || got["PRIORITY"] != "6" {
		t.Errorf("%v", got)
	}
}

// TestLongValues: a value that journald or a reader would cut is cut at a character.
func TestLongValues(t *testing.T) {
	j := listen(t)
	s := open(t, j.path)
	e := fixture.Events()[0]
	e.Summary, e.Remedy = strings.Repeat("ä", 50_000), ""
	must(t, s.Event(e))
	got := j.next()
	message := got["MESSAGE"]
	if len(message) > valueMax || len(message) < valueMax-3 || strings.ContainsRune(message, '\ufffd') {
		t.Errorf("a message of %d bytes that ends with %q", len(message), message[len(message)-4:])
	}
	if _, there := got["RSTTRACE_JSON"]; there {
		t.Error("the JSON form is there, and cannot be whole")
	}
}

// TestLargeEntry: what is too large for a datagram comes as a sealed file.
func TestLargeEntry(t *testing.T) {
	j := listen(t)
	s := open(t, j.path)
	must(t, s.journald.conn.SetWriteBuffer(1)) // the kernel makes it 4608
	e := fixture.Events()[0]
	e.Summary = strings.Repeat("x", 20_000)
	must(t, s.Event(e))
	if got := j.next(); !strings.Contains(got["MESSAGE"], e.Summary) || got["RSTTRACE_EVENT"] != "1" {
		t.Errorf("%v", got)
	}
}

// TestAbsent: the item is refused until journald is there, also if it was there before.
func TestAbsent(t *testing.T) {
	j := listen(t)
	s := open(t, j.path)
	absent := func() {
		t.Helper()
		var later *sink.RetryError
		err := s.Event(fixture.Events()[1])
		if !errors.As(err, &later) || err.Error() != j.path+": journald is not there" {
			t.Errorf("the error is %v", err)
		}
	}
	must(t, j.conn.Close())
	absent() // its socket is there
	must(t, os.Remove(j.path))
	absent()
	j.listen()
	must(t, s.Event(fixture.Events()[1]))
	if got := j.next()["RSTTRACE_EVENT"]; got != "2" {
		t.Errorf("event %s", got)
	}
}

// TestInterrupt ends a call that waits because journald does not read.
func TestInterrupt(t *testing.T) {
	j := listen(t)
	s := open(t, j.path)
	failed := make(chan error)
	go func() {
		for {
			if err := s.Event(fixture.Events()[1]); err != nil {
				failed <- err
				return
			}
		}
	}()
	s.Interrupt()
	select {
	case err := <-failed:
		if !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	case <-time.After(2 * time.Minute):
		t.Error("the call still waits")
	}
}
