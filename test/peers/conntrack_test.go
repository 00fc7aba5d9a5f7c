package peers

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"

	"github.com/rsttrace/rsttrace/internal/lab/firewall"
	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// trackedHost is a network namespace in which conntrack looks at each packet.
type trackedHost struct {
	peer     *packetpeer.Peer // next to it
	own      netip.Addr
	exporter string // where the node_exporter of the namespace can be reached from outside
}

// newTrackedHost returns nil if the kernel lacks what it needs.
func newTrackedHost(t *testing.T) *trackedHost {
	t.Helper()
	n, err := netns.New("tracked")
	must(t, err)
	t.Cleanup(n.Close)
	switch err := firewall.Track(t.Context(), n); {
	case errors.Is(err, netns.ErrUnavailable):
		t.Log(err)
		return nil
	case err != nil:
		t.Fatal(err)
	}
	own, peer := netip.MustParsePrefix("192.0.2.1/24"), netip.MustParseAddr("192.0.2.2")
	h := &trackedHost{own: own.Addr()}
	h.peer, err = packetpeer.New(t.Context(), n, own, peer)
	must(t, err)
	exporter, err := find("prometheus-node-exporter")
	must(t, err)
	at := start(t, "nsenter", inside(n), exporter, "--collector.disable-defaults", "--collector.conntrack", anyPort).awaitAddress()
	h.exporter = relay(t, n, at)
	return h
}

// relay listens here, and passes connections on to an address inside a namespace.
func relay(t *testing.T, n *netns.Namespace, to string) string {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // the test has ended
			}
			go pass(client, n, to)
		}
	}()
	return listener.Addr().String()
}

func pass(client net.Conn, n *netns.Namespace, to string) {
	defer client.Close()
	var server net.Conn
	err := n.Do(func() (err error) {
		server, err = net.Dial("tcp4", to)
		return err
	})
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(server, client)
		server.Close()
	}()
	_, _ = io.Copy(client, server)
}

// sendInvalid sends the ends of connections that nobody knows. Conntrack calls them
// INVALID, and the host answers with RSTs.
func sendInvalid(t *testing.T, w *world) {
	const ends, firstPort = 10, 40_000
	if w.tracked == nil {
		t.Skip("this kernel has no conntrack in nf_tables")
	}
	invalid := `sum(node_nf_conntrack_stat_invalid{job="tracked"})`
	before, _ := w.prometheus.value(invalid)
	for i := range ends {
		flow := w.tracked.peer.Flow(uint16(firstPort+i), netip.AddrPortFrom(w.tracked.own, 443))
		must(t, flow.Send(event.FIN|event.ACK, nil))
		_, err := flow.Await(event.RST)
		must(t, err)
	}
	await(t, "conntrack has counted them", func() bool {
		now, _ := w.prometheus.value(invalid)
		return now-before >= ends // the RSTs are INVALID, too
	})
}
