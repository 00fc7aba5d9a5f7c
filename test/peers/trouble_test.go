package peers

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestSinksInTrouble: the disk of one sink is full, and the server of another one never
// answers. rsttrace goes on, says both, and writes again when the disk has room.
func TestSinksInTrouble(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	small := roottest.SmallFolder(t, "256k")
	ballast := filepath.Join(small, "ballast")
	must(t, os.WriteFile(ballast, bytes.Repeat([]byte{0}, 192<<10), 0o600))
	file, other := filepath.Join(small, "resets.json"), filepath.Join(t.TempDir(), "resets.json")
	settings := filepath.Join(t.TempDir(), "rsttrace.yml")
	must(t, os.WriteFile(settings, []byte(fmt.Sprintf(`
sinks:
  - {type: file, path: %s}
  - {type: file, name: other, path: %s}
  - {type: otlp, endpoint: "http://%s", timeout: 1s}
`, file, other, silentServer(t))), 0o600))
	s := startServe(t, "--config", settings)

	s.await("has filled the disk", func() bool {
		dial(t)
		return strings.Contains(s.output.String(), file+": no space left on device")
	})
	s.await("has waited for the server", func() bool { return strings.Contains(s.output.String(), "no answer in time") })
	status, _, err := fetch(t.Context(), "http://"+s.at+"/healthz")
	must(t, err)
	if status != "200 OK" {
		t.Errorf("/healthz is %s", status)
	}
	before := len(numbersIn(t, other))
	s.await("still writes elsewhere", func() bool {
		dial(t)
		return len(numbersIn(t, other)) > before
	})

	whole := len(numbersIn(t, file)) // reads every line
	must(t, os.Remove(ballast))
	s.await("writes again", func() bool { return len(numbersIn(t, file)) > whole })
	must(t, s.cmd.Process.Signal(syscall.SIGTERM))
	await(t, "rsttrace ends", s.hasEnded)
	if said := s.output.String(); s.cmd.ProcessState.ExitCode() != 1 || !strings.Contains(said, "lines were not written in time") {
		t.Errorf("%s\n%s", s.cmd.ProcessState, said)
	}
	missing := 0
	all := linesOf(t, file)
	for _, loss := range all.losses {
		missing += int(loss.Events)
	}
	if got, want := len(all.events)+missing, len(numbersIn(t, other)); got != want {
		t.Errorf("%d events and %d missing; the other file has %d", len(all.events), missing, want)
	}
}

// Loss keeps it.
func (s *stream) Loss(l *event.Loss) error { s.losses = append(s.losses, l); return nil }

// dial asks for connections that are refused.
func dial(t *testing.T) {
	t.Helper()
	for range 10 {
		if conn, err := net.Dial("tcp4", "127.0.0.1:1"); err == nil {
			conn.Close()
			t.Fatal("somebody listens on port 1")
		}
	}
}

// silentServer takes connections and never says anything.
func silentServer(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}
