package otlp

import (
	"strings"

	"github.com/rsttrace/rsttrace/internal/containerid"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Attributes have the names of OpenTelemetry's semantic conventions, where there are some.

func verdict(a *attributes, dir event.Dir, cause event.CauseID, certainty event.Certainty, because []string, remedy string) {
	a.text("rsttrace.direction", string(dir))
	a.text("rsttrace.cause", string(cause))
	a.text("rsttrace.certainty", string(certainty))
	a.texts("rsttrace.because", because)
	a.text("rsttrace.remedy", remedy)
}

func ends(a *attributes, local, peer event.Endpoint) {
	a.text("network.transport", "tcp")
	end(a, "network.local.", local)
	end(a, "network.peer.", peer)
}

func end(a *attributes, prefix string, e event.Endpoint) {
	if e.Addr.IsValid() {
		a.text(prefix+"address", e.Addr.String())
		a.numberAlways(prefix+"port", uint64(e.Port))
	}
}

func owner(a *attributes, o *event.Owner) {
	a.number("process.pid", uint64(o.PID))
	a.text("process.executable.name", o.Comm)
	a.text("process.executable.path", o.Exe)
	a.text("process.command_line", o.Cmdline)
	a.number("process.parent_pid", uint64(o.Parent.PID))
	if o.Ended.ExitCode != nil {
		a.numberAlways("process.exit.code", uint64(int64(*o.Ended.ExitCode)))
	}
	a.text("process.linux.cgroup", o.Cgroup)
	a.text("rsttrace.owner.signal", o.Ended.Signal)
	a.text("rsttrace.owner.source", string(o.Source))
	a.text("rsttrace.owner.unit", o.Unit)
	a.text("rsttrace.owner.workload", o.Workload)
	if o.UID != nil {
		a.numberAlways("rsttrace.owner.uid", uint64(*o.UID))
	}
	container(a, o.Container)
	pod(a, o.Pod)
}

// container writes "docker/web-1".
func container(a *attributes, text string) {
	runtime, name, found := strings.Cut(text, "/")
	if !found {
		a.text("container.name", text)
		return
	}
	a.text("container.runtime.name", runtime)
	if containerid.Is(name) {
		a.text("container.id", name)
	} else {
		a.text("container.name", name)
	}
}

// pod writes "shop/cart-6d9f", or a uid.
func pod(a *attributes, text string) {
	namespace, name, found := strings.Cut(text, "/")
	if !found {
		a.text("k8s.pod.uid", text)
		return
	}
	a.text("k8s.namespace.name", namespace)
	a.text("k8s.pod.name", name)
}

func netns(a *attributes, n event.Netns) {
	a.number("rsttrace.netns.inode", uint64(n.Inode))
	a.text("rsttrace.netns.name", n.Name)
}

func lost(a *attributes, l *event.Lost) {
	a.number("rsttrace.lost.unread_bytes", uint64(l.UnreadBytes))
	a.number("rsttrace.lost.unsent_bytes", uint64(l.UnsentBytes))
	a.number("rsttrace.lost.unacked_bytes", uint64(l.UnackedBytes))
}

func connection(a *attributes, c *event.Conn) {
	a.text("rsttrace.conn.role", string(c.Role))
	if c.Known {
		a.numberAlways("rsttrace.conn.srtt_us", uint64(c.SRTTMicros))
		a.numberAlways("rsttrace.conn.retransmits", uint64(c.Retransmits))
		a.numberAlways("rsttrace.conn.bytes_acked", c.BytesAcked)
		a.numberAlways("rsttrace.conn.bytes_received", c.BytesReceived)
	}
	a.number("rsttrace.conn.age_ms", c.AgeMillis)
	a.number("rsttrace.conn.last_received_ms", c.LastReceivedMillis)
	a.number("rsttrace.conn.last_sent_ms", c.LastSentMillis)
	a.number("rsttrace.conn.idle_before_peer_fin_ms", c.IdleBeforePeerFinMillis)
	a.number("rsttrace.conn.idle_before_fin_ms", c.IdleBeforeFinMillis)
}

func segment(a *attributes, prefix string, s *event.Segment) {
	if *s == (event.Segment{}) {
		return
	}
	a.text(prefix+"flags", s.Flags.String())
	a.number(prefix+"seq", uint64(s.Seq))
	a.number(prefix+"ack", uint64(s.Ack))
	a.number(prefix+"ttl", uint64(s.TTL))
	a.text(prefix+"diag", s.DiagText)
	a.text(prefix+"position", string(s.Position))
}
