package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/rsttrace/rsttrace/internal/wire/truth"
)

// labCapture is what the client saw of a scenario.
func labCapture(t *testing.T, scenario string) []byte {
	t.Helper()
	file, err := os.Open("../../internal/wire/truth/testdata/lab.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cases, err := truth.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if c.Scenario == scenario && c.Namespace == "client" {
			return c.PCAP
		}
	}
	t.Fatalf("no capture of the client in %s", scenario)
	return nil
}

func writeFile(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestReadCapture: a compressed capture is read, and --local says which side is ours.
func TestReadCapture(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(labCapture(t, "broken-pipe"))
	_ = w.Close()
	path := writeFile(t, "trace.pcap.gz", packed.Bytes())
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, `"dir":"observed","cause":"wrote-after-peer-close"`},
		{[]string{"--local", "10.77.0.1"}, `"dir":"received","cause":"wrote-after-peer-close"`},
		{[]string{"--local", "10.77.0.2/32,192.0.2.1"}, `"dir":"sent","cause":"wire-after-close"`},
		{[]string{"--filter", "observed"}, `"dir":"observed"`},
	} {
		code, out, stderr := output(append([]string{"read", "-o", "json", path}, test.args...)...)
		if code != exitFine || stderr != "" || strings.Count(out, `"kind":"event"`) != 1 || !strings.Contains(out, test.want) {
			t.Errorf("%q: exit code %d, %s%s", test.args, code, out, stderr)
		}
		if !strings.Contains(out, "from packets alone") {
			t.Errorf("%q: no finding says that it is from packets alone: %s", test.args, out)
		}
	}
}

// TestReadCaptures: events of several captures have different numbers.
func TestReadCaptures(t *testing.T) {
	path := writeFile(t, "trace.pcap", labCapture(t, "broken-pipe"))
	code, out, stderr := output("read", "-o", "json", path, path)
	for _, id := range []string{`"kind":"event","id":1,`, `"kind":"event","id":2,`} {
		if code != exitFine || strings.Count(out, id) != 1 {
			t.Errorf("exit code %d, %s%s", code, out, stderr)
		}
	}
}

// TestReadDamagedCapture: what came before the damage is shown, with one clear error.
func TestReadDamagedCapture(t *testing.T) {
	whole := labCapture(t, "broken-pipe")
	path := writeFile(t, "trace.pcap", append(bytes.Clone(whole), 1, 2, 3))
	code, out, stderr := output("read", "-o", "json", path)
	if code != exitFailed || strings.Count(out, `"kind":"event"`) != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "trace.pcap: after packet 7: the file is cut off") {
		t.Errorf("exit code %d, %s%s", code, out, stderr)
	}
}

// TestLocal: what is no address is wrong usage.
func TestLocal(t *testing.T) {
	for _, text := range []string{"web-1", "10.0.0.0/33", "10.0.0.1,", ""} {
		code, _, stderr := output("read", os.DevNull, "--local="+text)
		if code != exitUsage || !strings.Contains(stderr, "--local") {
			t.Errorf("%q: exit code %d, %s", text, code, stderr)
		}
	}
}
