package packets

import (
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/rsttrace/rsttrace/internal/source/compressed"
	"github.com/rsttrace/rsttrace/pkg/event"
)

var update = flag.Bool("update", false, "write the golden file")

// publicCaptures are files of other projects. They are not ours to copy, so they lie
// beside the checkout.
const publicCaptures = "../../../../../shared/captures"

// counted are files whose RSTs the list counts otherwise than tshark does, with the
// number of tshark.
var counted = map[string]struct {
	rsts int
	why  string
}{
	"OISF_drop-protocol-change_input.pcap": {0, "what looks like a RST is a fragment of another protocol"},
}

// publicFiles are those of the list, with the number of RSTs in each. The folder may be
// named by the environment.
func publicFiles(t *testing.T) (dir string, rsts map[string]int) {
	t.Helper()
	dir = os.Getenv("RSTTRACE_CAPTURES")
	for _, d := range []string{publicCaptures, "../../../../shared/captures"} {
		if dir == "" {
			if _, err := os.Stat(d); err == nil {
				dir = d
			}
		}
	}
	if dir == "" {
		t.Skip("needs the public captures beside the checkout: ../shared/captures")
	}
	file, err := os.Open(filepath.Join(dir, "SOURCES.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	list := csv.NewReader(file)
	list.Comma = '\t'
	rows, err := list.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rsts = make(map[string]int)
	for _, row := range rows[1:] {
		n, err := strconv.Atoi(row[3])
		if err != nil {
			t.Fatal(err)
		}
		if c, otherwise := counted[row[0]]; otherwise {
			n = c.rsts
		}
		rsts[row[0]] = n
	}
	return dir, rsts
}

func readPublic(t *testing.T, path string) []*event.Event {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, err := compressed.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	events, err := eventsOf(t, &Source{Name: filepath.Base(path), Input: plain})
	if err != nil {
		t.Errorf("%v", err)
	}
	return events
}

// checkFrame: the bytes of a RST are those that the event is about.
func checkFrame(t *testing.T, file string, e *event.Event) {
	t.Helper()
	first := layers.LayerTypeIPv4
	if e.Family == event.IPv6 {
		first = layers.LayerTypeIPv6
	}
	packet := gopacket.NewPacket(e.Frames.RST.Data, first, gopacket.DecodeOptions{NoCopy: true})
	tcp, ok := packet.Layer(layers.LayerTypeTCP).(*layers.TCP)
	switch {
	case e.Capture.Fragment:
	case !ok:
		t.Errorf("%s: packet %d: no TCP in % x", file, e.Capture.RST, e.Frames.RST.Data)
	case !tcp.RST || tcp.Seq != e.RST.Seq || tcp.Window != *e.RST.Window:
		t.Errorf("%s: packet %d: %+v, the event has %+v", file, e.Capture.RST, tcp, e.RST)
	}
}

// TestPublicCaptures: nothing crashes, every RST is counted, and the verdicts are those
// that a person has looked through (testdata/public.golden).
func TestPublicCaptures(t *testing.T) {
	dir, rsts := publicFiles(t)
	var out strings.Builder
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, entry := range entries {
		want, listed := rsts[entry.Name()]
		if !listed {
			continue
		}
		files++
		events := readPublic(t, filepath.Join(dir, entry.Name()))
		if len(events) != want {
			t.Errorf("%s: %d RSTs, want %d", entry.Name(), len(events), want)
		}
		fmt.Fprintf(&out, "%s\n", entry.Name())
		for _, e := range events {
			c := &e.Capture
			checkFrame(t, entry.Name(), e)
			fmt.Fprintf(&out, "  packet %d %s row %d: %s (%s), packets %d\n    %s\n", c.RST, e.RST.Flags, c.Row, e.Cause, e.Certainty, c.Others, e.Summary)
			for _, line := range e.Because {
				fmt.Fprintf(&out, "    because %s\n", line)
			}
			if len(c.Candidates) > 0 {
				fmt.Fprintf(&out, "    candidates %s\n", c.Candidates)
			}
			if c.Signature != "" {
				fmt.Fprintf(&out, "    signature %s\n", c.Signature)
			}
		}
	}
	if files != len(rsts) {
		t.Errorf("%d files of %d are there", files, len(rsts))
	}
	const golden = "testdata/public.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(old), out.String()); diff != "" {
		t.Errorf("go test ./internal/source/packets -update writes it anew (-want +got):\n%s", diff)
	}
}

// TestPublicCapturesAsTshark: tshark counts the same RSTs.
func TestPublicCapturesAsTshark(t *testing.T) {
	dir, rsts := publicFiles(t)
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("needs tshark")
	}
	if os.Getenv("RSTTRACE_TEST_TSHARK") == "" {
		t.Skip("takes minutes: RSTTRACE_TEST_TSHARK=1 permits it")
	}
	for name, want := range rsts {
		out, err := exec.Command(tshark, "-r", filepath.Join(dir, name), "-Y", "tcp.flags.reset==1", "-T", "fields", "-e", "frame.number").Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := len(strings.Fields(string(out))); got != want {
			t.Errorf("%s: tshark counts %d RSTs, we %d", name, got, want)
		}
	}
}
