package peers

import (
	"fmt"
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// provocation makes an alert fire, in the way that its section of the page describes.
type provocation struct {
	alert string
	// scenario is played until the alert fires, so often at most.
	scenario string
	times    int
	// Or this is done once.
	provoke func(*testing.T, *world)
}

// ofResets are the alerts about what happens to connections.
var ofResets = []provocation{
	{alert: "ListenerClosedWithQueue", scenario: "listener-closed", times: 1},
	// Before the next one, which shows that the queue is not silent.
	{alert: "AcceptQueueOverflowSilent", provoke: fillAcceptQueue},
	{alert: "AcceptQueueOverflow", scenario: "accept-queue-overflow", times: 1},
	{alert: "ProcessDiedOfSIGPIPE", scenario: "broken-pipe", times: 1},
	{alert: "KeepAliveRace", scenario: "incident-keep-alive-race", times: 1},
	{alert: "UploadsCutOff", scenario: "incident-unread-request", times: 2},
	{alert: "BlindResets", scenario: "rst-out-of-window", times: 110},
	{alert: "PortNoLongerOpen", provoke: closePort},
	{alert: "ConntrackInvalid", provoke: sendInvalid},
	{alert: "OrphanLimit", scenario: "orphan-limit", times: 1},
	{alert: "IdleConnectionsForgotten", provoke: wakeIdle},
}

// ofRsttrace are those about rsttrace itself. The last one ends it.
var ofRsttrace = []provocation{
	{alert: "RsttraceAuditUnexplained", provoke: loseRoute},
	{alert: "RsttraceConfigurationRefused", provoke: breakConfiguration},
	{alert: "RsttraceDetailsLost", provoke: loseDetails},
	{alert: "RsttraceSinkDropping", provoke: silenceSink},
	// After the one before it, since details are lost in it, too.
	{alert: "RsttraceProbesMissed", provoke: interruptProbes},
	{alert: "RsttraceBlind", provoke: hideTracepoint},
	{alert: "RsttraceDown", provoke: func(_ *testing.T, w *world) { w.serve.kill() }},
}

// testProvoked: the alerts fire with the real metrics, and none before its time.
func testProvoked(provocations []provocation) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		for _, p := range provocations {
			t.Run(p.alert, func(t *testing.T) { p.test(t, w) })
		}
	}
}

func (p *provocation) test(t *testing.T, w *world) {
	w.awaitRules(t)
	if p.times != 1 && w.fires(p.alert) {
		t.Fatal("it fires before it is provoked")
	}
	if p.provoke != nil {
		p.provoke(t, w)
	}
	for range p.times {
		w.play(t, p.scenario)
	}
	await(t, p.alert+" fires", func() bool { return w.fires(p.alert) })
}

func (w *world) fires(alert string) bool {
	_, fires := w.prometheus.value(fmt.Sprintf(`count(ALERTS{alertstate="firing", alertname=%q})`, alert))
	return fires
}

// closePort closes a listener. Its clients still try the port.
func closePort(t *testing.T, w *world) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	at := listener.Addr().(*net.TCPAddr)
	abortAt(t, listener, 1)
	series := fmt.Sprintf(`rsttrace_port_resets_total{port="%d"}`, at.Port)
	await(t, "rsttrace knows the port", func() bool { return len(w.prometheus.query(series)) > 0 })
	must(t, listener.Close())
	for range 5 {
		refuseAt(t, at.String())
	}
	w.awaitRules(t) // so that there are numbers from before the next ones
	for range 5 {
		refuseAt(t, at.String())
	}
}

// fillAcceptQueue connects to a listener that accepts nobody. The kernel drops each SYN
// that comes once the queue is full.
func fillAcceptQueue(t *testing.T, _ *world) {
	const backlog, clients = 0, 20
	listener, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	t.Cleanup(func() { unix.Close(listener) })
	must(t, unix.Bind(listener, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	must(t, unix.Listen(listener, backlog))
	at, err := unix.Getsockname(listener)
	must(t, err)
	for range clients {
		client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		must(t, err)
		t.Cleanup(func() { unix.Close(client) })
		if err := unix.Connect(client, at); err != nil && err != unix.EINPROGRESS {
			t.Fatal(err)
		}
	}
}

// breakConfiguration writes a file that is wrong, and has it read.
func breakConfiguration(t *testing.T, w *world) {
	must(t, os.WriteFile(w.config, []byte("max-rate: many\n"), 0o644))
	must(t, w.serve.cmd.Process.Signal(unix.SIGHUP))
}

// silenceSink adds a sink whose server never answers, and makes resets until its queue is
// full.
func silenceSink(t *testing.T, w *world) {
	w.configure(t, fmt.Sprintf(`type: otlp, name: silent, endpoint: "http://%s"`, silentServer(t)))
	must(t, w.serve.cmd.Process.Signal(unix.SIGHUP))
	const dropped = `rsttrace_sink_dropped_total{sink="silent"}`
	await(t, "rsttrace has the sink", func() bool { return len(w.prometheus.query(dropped)) > 0 })
	at := freeAddress(t)
	const some = 500
	await(t, "its queue is full", func() bool {
		for range some {
			refuseAt(t, at)
		}
		n, _ := w.prometheus.value(dropped)
		return n > 0
	})
}

// loseDetails makes more resets than the ring buffer holds while nobody reads it.
func loseDetails(t *testing.T, w *world) {
	const resets = 3000 // each is sent and received; the ring has room for about 600
	must(t, w.serve.cmd.Process.Signal(unix.SIGSTOP))
	at := freeAddress(t)
	for range resets {
		refuseAt(t, at)
	}
	must(t, w.serve.cmd.Process.Signal(unix.SIGCONT))
}
