package stories

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// slowApp reads the beginning of a body and is busy from then on.
const slowApp = `
import time

def app(environ, start_response):
    environ["wsgi.input"].read(1)
    while True:
        time.sleep(1)
`

// gunicorn starts it with one worker, and returns that worker's pid. The script begins with
// the place where an installed Python is.
func (h *host) gunicorn(app string, args ...string) (master *program, worker int) {
	s := h.story
	s.Helper()
	python := "/usr/bin/python3" // that of Debian, whose modules gunicorn needs
	if _, err := os.Stat(python); err != nil {
		python, err = find("python3")
		s.must(err)
	}
	path, err := find("gunicorn")
	s.must(err)
	script, err := os.ReadFile(path)
	s.must(err)
	_, rest, _ := strings.Cut(string(script), "\n")
	dir := s.TempDir()
	s.must(os.WriteFile(filepath.Join(dir, "gunicorn"), []byte("#!"+python+"\n"+rest), 0o755))
	s.must(os.WriteFile(filepath.Join(dir, "slow.py"), []byte(app), 0o644))
	modules := filepath.Join(filepath.Dir(path), "../lib/python3/dist-packages")
	args = append([]string{"PYTHONPATH=" + modules, filepath.Join(dir, "gunicorn"), "--chdir", dir, "--bind", "0.0.0.0:8000", "--workers", "1"}, args...)
	master = h.startMaster("env", append(args, "slow:app")...)
	h.awaitListener(8000)
	return master, master.worker()
}

// TestGunicornTimeout: a worker takes too long for a request of which it has read the
// beginning.
func TestGunicornTimeout(t *testing.T) {
	s := newStory(t, "gunicorn", "python3", "curl")
	client, server := s.host("client"), s.host("server")
	address := s.wire(client, server)
	master, worker := server.gunicorn(slowApp, "--timeout", "5")
	body := s.file("body", "")
	s.must(os.Truncate(body, 50<<20))

	s.watch()
	curl := client.start("curl", "-sS", "-o", "/dev/null", "--data-binary", "@"+body, "http://"+address+":8000/")
	master.says("WORKER TIMEOUT")
	curl.wait()
	curl.says("Connection reset by peer")
	s.expect("gunicorn-timeout",
		reset{
			On: "server", Dir: event.Sent, Cause: cause.UnreadDataOnClose, Port: 8000, State: event.StateEstablished,
			Owner: owner("gunicorn", worker), InCall: true, Lost: event.Lost{UnreadBytes: some}, OtherEnd: "client",
		},
		reset{
			On: "client", Dir: event.Received, Cause: cause.PeerAborted, Port: 8000, State: event.StateEstablished,
			Owner: owner("curl", curl.pid()), App: connectionReset, Lost: event.Lost{UnsentBytes: maybe, UnackedBytes: maybe}, OtherEnd: "server",
		})
}
