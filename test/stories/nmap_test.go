package stories

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestNmap: somebody looks which ports are open.
func TestNmap(t *testing.T) {
	const first, ports = 8001, 30
	s := newStory(t, "nmap")
	client, server := s.host("client"), s.host("server")
	address := s.wire(client, server)
	path, err := find("nmap")
	s.must(err)
	s.watch()
	nmap := client.start("nmap", "--datadir", filepath.Join(filepath.Dir(path), "../share/nmap"), "-sT", "-Pn", "-n", "-p", fmt.Sprintf("%d-%d", first, first+ports-1), address)
	if code := nmap.wait(); code != 0 {
		t.Errorf("nmap ends with %d: %s", code, &nmap.output)
	}
	nmap.says("are in ignored states.")
	var want []reset
	for port := uint16(first); port < first+ports; port++ {
		want = append(want,
			reset{On: "server", Dir: event.Sent, Cause: cause.ClosedPort, Port: port, OtherEnd: "client"},
			reset{
				On: "client", Dir: event.Received, Cause: cause.Refused, Port: port, State: event.StateSynSent,
				Owner: owner("nmap", nmap.pid()), App: refused, OtherEnd: "server",
			})
	}
	s.expect("nmap", want...)
}
