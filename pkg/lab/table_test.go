package lab

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// As little-endian machines print them: an orphan's mini-socket, a listener,
// and an IPv6 connection.
const tableSample = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 0200007F:9C40 05 00000000:00000000 03:00001770 00000000     0        0 0 3 0000000000000000
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1234 1 0000000000000000 100 0 0 10 0
   2: 000077FD000000000000000001000000:1F90 000077FD000000000000000002000000:9C40 01 00000000:00000000 00:00000000 00000000     0        0 55 1 0000000000000000 20 4 30 10 -1
`

func TestParseTable(t *testing.T) {
	entries, err := parseTable(strings.NewReader(tableSample))
	if err != nil {
		t.Fatal(err)
	}
	want := []tableEntry{
		{netip.MustParseAddrPort("127.0.0.1:8080"), netip.MustParseAddrPort("127.0.0.2:40000"), event.StateFinWait2, true},
		{netip.MustParseAddrPort("0.0.0.0:22"), netip.MustParseAddrPort("0.0.0.0:0"), event.StateListen, false},
		{netip.MustParseAddrPort("[fd77::1]:8080"), netip.MustParseAddrPort("[fd77::2]:40000"), event.StateEstablished, false},
	}
	if len(entries) != len(want) {
		t.Fatalf("got %v", entries)
	}
	for i := range want {
		if entries[i] != want[i] {
			t.Errorf("line %d: got %v, want %v", i, entries[i], want[i])
		}
	}
}

func TestParseTableRejects(t *testing.T) {
	for _, line := range []string{
		"0: 0100007F:1F90", "0: 0100007F 0200007F:9C40 05 0:0 03:0", "0: 01:1F90 0200007F:9C40 05 0:0 03:0",
		"0: 0100007F:1F90 0200007F:9C40 XX 0:0 03:0", "0: zz00007F:1F90 0200007F:9C40 05 0:0 03:0",
	} {
		if entry, err := parseTableLine(line); err == nil {
			t.Errorf("%q was read as %v", line, entry)
		}
	}
}
