package peers

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// serve is a running rsttrace serve.
type serve struct {
	*program
	at string
}

// startServe returns when everything is attached.
func startServe(t *testing.T, args ...string) *serve {
	t.Helper()
	return startServeBy(t, nil, args...)
}

// startServeBy is startServe by another program, which runs the command behind its own
// arguments.
func startServeBy(t *testing.T, by []string, args ...string) *serve {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready")
	for range attempts {
		at := freeAddress(t)
		command := slices.Concat(by, []string{rsttraceProgram, "serve", "--web.listen-address", at, "--ready-file", ready}, args)
		p := startPath(t, command[0], command[1:]...)
		attached := false
		await(t, "rsttrace serve attaches", func() bool {
			text, err := os.ReadFile(ready)
			attached = err == nil && len(text) > 0
			return attached || p.hasEnded()
		})
		if attached {
			return &serve{p, at}
		}
		if said := p.output.String(); !strings.Contains(said, "address already in use") {
			t.Fatalf("rsttrace serve has ended: %s\n%s", p.cmd.ProcessState, said)
		}
	}
	t.Fatal("somebody else takes each port that is free")
	return nil
}

// freeAddress is a port of loopback that nobody has at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	return listener.Addr().String()
}
