package stories

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const postgresPort = 5432

// asNobody starts a program that must not be root. Its files may be below a folder of root.
func (h *host) asNobody(name string, args ...string) *program {
	h.story.Helper()
	path, err := find(name)
	h.story.must(err)
	const run = `cd / && exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=+dac_read_search --ambient-caps=+dac_read_search "$@"`
	return h.start("sh", append([]string{"-c", run, "sh", path}, args...)...)
}

// postgres starts it with an empty database.
func (h *host) postgres() {
	s := h.story
	s.Helper()
	dir, err := os.MkdirTemp("", "postgres")
	s.must(err)
	s.Cleanup(func() { os.RemoveAll(dir) })
	const nobody = 65534
	s.must(os.Chown(dir, nobody, nobody))
	data := filepath.Join(dir, "data")
	made := h.asNobody("initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "--locale=C")
	if code := made.wait(); code != 0 {
		s.Fatalf("initdb: %d %s", code, &made.output)
	}
	rules := filepath.Join(data, "pg_hba.conf")
	s.must(os.WriteFile(rules, []byte("host all all all trust\n"), 0o644))
	p := h.asNobody("postgres", "-D", data, "-k", dir, "-h", "*", "-p", fmt.Sprint(postgresPort), "-c", "fsync=off", "-c", "autovacuum=off", "-c", "max_connections=10")
	s.await("postgres is ready", func() bool { return strings.Contains(p.output.String(), "ready to accept connections") })
}

// TestPostgresTerminate: somebody ends a session that is idle. The reset comes with its next
// query.
func TestPostgresTerminate(t *testing.T) {
	s := newStory(t, "postgres", "initdb", "psql", "setpriv")
	client, server := s.host("client"), s.host("server")
	address := s.wire(client, server)
	server.postgres()
	psql := client.start("psql", "-X", "-h", address, "-U", "postgres")
	psql.write("SELECT pg_backend_pid();\n")
	s.await("postgres answers", func() bool { return strings.Contains(psql.output.String(), "(1 row)") })
	backend := server.pidOf(psql)

	s.watch()
	admin := server.start("psql", "-X", "-h", "127.0.0.1", "-U", "postgres", "-c", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE client_addr IS NOT NULL AND pid <> pg_backend_pid()")
	if code := admin.wait(); code != 0 {
		t.Fatalf("psql: %d %s", code, &admin.output)
	}
	client.awaitState(postgresPort, event.StateCloseWait)
	const query = "SELECT 1;"
	psql.write(query + "\n")
	psql.says("FATAL:  terminating connection due to administrator command")
	const frame = 1 + 4 + 1 // type, length and NUL
	s.expect("postgres-terminate",
		reset{
			On: "server", Dir: event.Sent, Cause: cause.DataAfterClose, Port: postgresPort, State: event.StateFinWait2,
			Owner: owner("postgres", backend), OtherEnd: "client",
		},
		reset{
			On: "client", Dir: event.Received, Cause: cause.WroteAfterPeerClose, Port: postgresPort, State: event.StateCloseWait,
			Owner: owner("psql", psql.pid()), App: brokenPipe, Lost: event.Lost{UnackedBytes: frame + uint32(len(query))}, OtherEnd: "server",
		})
}

// pidOf is the backend that psql has said: postgres runs in the namespace of all pids.
func (h *host) pidOf(psql *program) (pid int) {
	h.story.Helper()
	for line := range strings.Lines(psql.output.String()) {
		if n, err := fmt.Sscan(strings.TrimSpace(line), &pid); n == 1 && err == nil {
			return pid
		}
	}
	h.story.Fatalf("no pid in %s", &psql.output)
	return 0
}
