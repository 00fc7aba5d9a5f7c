package peers

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rsttrace/rsttrace/test/output"
)

// TestRsyslog: the recipe of the page passes every line on, byte for byte.
func TestRsyslog(t *testing.T) {
	needPrograms(t, "rsyslogd")
	useLibraries(t)
	receiver := listenForLines(t)
	path := newStream(t).logFile(t)
	want, err := os.ReadFile(path)
	must(t, err)

	_, port, err := net.SplitHostPort(receiver.address)
	must(t, err)
	recipe, _, _ := strings.Cut(block(t, "global(maxMessageSize"), "\n```")
	recipe = strings.ReplaceAll(recipe, "/var/log/rsttrace/resets.jsonl", path)
	recipe = strings.ReplaceAll(recipe, `port="5140"`, `port="`+port+`"`)
	folder := t.TempDir()
	settings := filepath.Join(folder, "rsyslog.conf")
	recipe = `global(workDirectory="` + folder + "\")\n" + recipe + "\n"
	must(t, os.WriteFile(settings, []byte(recipe), 0o600))
	args := []string{"-n", "-f", settings, "-i", filepath.Join(folder, "pid")}
	modules, err := filepath.Glob(filepath.Join(os.Getenv(programsVariable), "usr/lib/*/rsyslog"))
	must(t, err)
	if os.Getenv(programsVariable) != "" && len(modules) > 0 {
		args = append(args, "-M", modules[0])
	}
	rsyslog := start(t, "rsyslogd", args...)
	rsyslog.await("has passed all lines on", func() bool { return len(receiver.String()) >= len(want) })
	if diff := cmp.Diff(string(want), receiver.String()); diff != "" {
		t.Error(diff)
	}
}

// receiver keeps what a client sends by TCP.
type receiver struct {
	output.Text
	address string
}

func listenForLines(t *testing.T) *receiver {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	r := &receiver{address: listener.Addr().String()}
	var clients sync.WaitGroup
	clients.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			clients.Go(func() {
				defer client.Close()
				_, _ = io.Copy(r, client) // until the test ends rsyslog
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
	})
	return r
}
