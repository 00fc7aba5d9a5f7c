package peers

import (
	"net"
	"testing"
	"time"
)

// startNodeExporter returns where it listens.
func startNodeExporter(t *testing.T) string {
	t.Helper()
	return start(t, "prometheus-node-exporter", "--collector.disable-defaults", "--collector.netstat", "--collector.conntrack", anyPort).awaitAddress()
}

// testOutRsts: the kernel has counted as many sent RSTs as rsttrace.
//
// TcpOutRsts belongs to a namespace: resets of the lab are not in it. So this test resets
// connections of the host's own loopback. The kernel counts a RST here in two functions,
// tcp_send_active_reset and tcp_v4_send_reset. RSTs of firewall rules have neither: the
// cause netfilter-reject is left out.
func testOutRsts(t *testing.T, w *world) {
	const (
		rsttraceSent = `sum(rsttrace_resets_total{direction="sent", cause!="netfilter-reject"})`
		kernelSent   = `node_netstat_Tcp_OutRsts`
		refusals     = 20
		aborts       = 10
	)
	for range attempts {
		rsttraceBefore, kernelBefore := w.both(rsttraceSent, kernelSent)
		for range refusals {
			refuse(t)
		}
		abort(t, aborts)
		rsttraceAfter, kernelAfter := w.both(rsttraceSent, kernelSent)
		traced, counted := rsttraceAfter-rsttraceBefore, kernelAfter-kernelBefore
		if counted < refusals+aborts {
			t.Fatalf("the kernel has counted %v RSTs of %d", counted, refusals+aborts)
		}
		if traced == counted {
			return
		}
		t.Logf("rsttrace has %v sent RSTs, the kernel %v: another reset between two scrapes, or a mistake", traced, counted)
	}
	t.Errorf("rsttrace and the kernel have differed in the number of sent RSTs, %d times", attempts)
}

// both are two numbers that were scraped after this moment.
func (w *world) both(one, other string) (float64, float64) {
	now := time.Now()
	w.prometheus.awaitScrape("rsttrace", now)
	w.prometheus.awaitScrape("node", now)
	a, _ := w.prometheus.value(one)
	b, _ := w.prometheus.value(other)
	return a, b
}

// refuse connects to a port of loopback on which nobody listens.
func refuse(t *testing.T) {
	t.Helper()
	refuseAt(t, freeAddress(t))
}

func refuseAt(t *testing.T, at string) {
	t.Helper()
	if c, err := net.Dial("tcp4", at); err == nil {
		c.Close()
		t.Fatalf("somebody else listens on %s", at)
	}
}

// abort ends connections with SO_LINGER {1,0}.
func abort(t *testing.T, n int) {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	abortAt(t, listener, n)
}

func abortAt(t *testing.T, listener net.Listener, n int) {
	t.Helper()
	for range n {
		client, err := net.Dial("tcp4", listener.Addr().String())
		must(t, err)
		server, err := listener.Accept()
		must(t, err)
		must(t, client.(*net.TCPConn).SetLinger(0))
		must(t, client.Close())
		if _, err := server.Read(make([]byte, 1)); err == nil {
			t.Error("the connection was not reset")
		}
		must(t, server.Close())
	}
}
