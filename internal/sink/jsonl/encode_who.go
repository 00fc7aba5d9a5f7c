package jsonl

import (
	"github.com/rsttrace/rsttrace/pkg/event"
)

// appendWho is whose socket it was.
func appendWho(l line, e *event.Event) line {
	l = appendOwner(l, &e.Owner)
	l = appendBy(l, &e.Initiator)
	l = l.text(`"chain":`, e.Chain)
	l = l.flag(`"forwarded":`, e.Forwarded)
	l = l.number(`"peerEvent":`, e.PeerEvent)
	if p := &e.PeerSent; p.Verdict != "" {
		l = l.open(`"peerSent":`)
		l = l.textAlways(`"verdict":`, string(p.Verdict))
		l = l.textAlways(`"because":`, p.Because)
		l = l.texts(`"suspects":`, p.Suspects)
		l = l.number(`"hosts":`, uint64(p.Hosts))
		l = l.close()
	}
	if p := &e.PeerGot; p.Verdict != "" {
		l = l.open(`"peerGot":`)
		l = l.textAlways(`"verdict":`, string(p.Verdict))
		l = l.textAlways(`"because":`, p.Because)
		l = l.close()
	}
	l = appendPeerHost(l, e.PeerHost)
	l = l.number(`"hostEvent":`, e.HostEvent)
	l = l.number(`"finding":`, e.Finding)
	if p := &e.Earlier; *p != (event.Earlier{}) {
		l = l.open(`"earlier":`)
		l = l.number(`"event":`, p.Event)
		l = l.text(`"cause":`, string(p.Cause))
		l = l.text(`"by":`, p.EndedBy)
		l = l.number(`"agoMillis":`, p.AgoMillis)
		l = l.number(`"idleBeforeMillis":`, p.IdleBeforeMillis)
		l = l.close()
	}
	if q := &e.Listener; q.Known {
		l = l.open(`"listener":`)
		l = l.numberAlways(`"backlog":`, uint64(q.Backlog))
		l = l.numberAlways(`"used":`, uint64(q.Used))
		l = l.close()
	}
	l = appendFormer(l, &e.FormerListener)
	l = appendElsewhere(l, &e.Elsewhere)
	if s := &e.StillListening; s.Known {
		l = l.open(`"stillListening":`)
		l = l.numberAlways(`"sockets":`, uint64(s.Sockets))
		l = l.close()
	}
	if o := &e.Orphans; o.Known {
		l = l.open(`"orphans":`)
		l = l.numberAlways(`"limit":`, o.Limit)
		l = l.numberAlways(`"open":`, o.Open)
		l = l.numberAlways(`"memoryLimit":`, o.MemoryLimit)
		l = l.numberAlways(`"memory":`, o.Memory)
		l = l.close()
	}
	l = appendNetns(l, e.Netns)
	return appendCapture(appendConn(l, &e.Conn), &e.Capture)
}

func appendEnded(l line, end event.Ended) line {
	start := len(l)
	l = l.open(`"ended":`)
	if end.ExitCode != nil {
		l = l.signed(`"exitCode":`, int64(*end.ExitCode))
	}
	l = l.text(`"signal":`, end.Signal)
	return l.closeUnlessEmpty(start)
}

func appendKiller(l line, k *event.Killer) line {
	start := len(l)
	l = l.open(`"killedBy":`)
	l = l.number(`"pid":`, uint64(k.PID))
	l = l.text(`"comm":`, k.Comm)
	l = l.flag(`"kernel":`, k.Kernel)
	l = l.flag(`"oom":`, k.OOM)
	return l.closeUnlessEmpty(start)
}

func appendFormer(l line, f *event.FormerListener) line {
	if *f == (event.FormerListener{}) {
		return l
	}
	l = l.open(`"formerListener":`)
	l = l.number(`"agoMillis":`, f.AgoMillis)
	l = l.number(`"pid":`, uint64(f.PID))
	l = l.text(`"comm":`, f.Comm)
	l = appendEnded(l, f.Ended)
	l = appendKiller(l, &f.KilledBy)
	return l.close()
}

func appendElsewhere(l line, e *event.Elsewhere) line {
	if *e == (event.Elsewhere{}) {
		return l
	}
	l = l.open(`"elsewhere":`)
	l = l.address(`"addr":`, e.Addr)
	l = l.numberAlways(`"port":`, uint64(e.Port))
	l = l.number(`"pid":`, uint64(e.PID))
	l = l.text(`"comm":`, e.Comm)
	return l.close()
}

func appendOwner(l line, owner *event.Owner) line {
	if owner.IsZero() {
		return l
	}
	l = l.open(`"owner":`)
	l = l.number(`"pid":`, uint64(owner.PID))
	l = l.number(`"tid":`, uint64(owner.TID))
	l = l.text(`"comm":`, owner.Comm)
	if owner.UID != nil {
		l = l.numberAlways(`"uid":`, uint64(*owner.UID))
	}
	l = l.textAlways(`"source":`, string(owner.Source))
	l = l.text(`"cgroup":`, owner.Cgroup)
	l = l.text(`"container":`, owner.Container)
	l = l.text(`"unit":`, owner.Unit)
	l = l.text(`"pod":`, owner.Pod)
	l = l.text(`"workload":`, owner.Workload)
	if len(owner.Others) > 0 {
		l = l.openList(`"others":`)
		for _, other := range owner.Others {
			l = l.open("")
			l = appendProcess(l, other)
			l = l.close()
		}
		l = l.closeList()
	}
	l = appendEnded(l, owner.Ended)
	l = l.text(`"exe":`, owner.Exe)
	l = l.text(`"cmdline":`, owner.Cmdline)
	l = appendParent(l, owner.Parent)
	l = appendKiller(l, &owner.KilledBy)
	l = l.text(`"sigpipe":`, string(owner.SIGPIPE))
	return l.close()
}

func appendBy(l line, by *event.Initiator) line {
	if *by == (event.Initiator{}) {
		return l
	}
	l = l.open(`"by":`)
	l = appendProcess(l, by.ProcessRef)
	l = l.text(`"exe":`, by.Exe)
	l = l.text(`"cmdline":`, by.Cmdline)
	l = appendParent(l, by.Parent)
	return l.close()
}

func appendParent(l line, parent event.ProcessRef) line {
	if parent == (event.ProcessRef{}) {
		return l
	}
	l = l.open(`"parent":`)
	l = appendProcess(l, parent)
	return l.close()
}

func appendProcess(l line, p event.ProcessRef) line {
	l = l.numberAlways(`"pid":`, uint64(p.PID))
	return l.text(`"comm":`, p.Comm)
}

func appendPeerHost(l line, p *event.PeerHost) line {
	if p == nil {
		return l
	}
	l = l.open(`"peerHost":`)
	l = l.textAlways(`"host":`, p.Host)
	l = l.text(`"hostId":`, p.HostID)
	l = l.numberAlways(`"event":`, p.Event)
	l = l.textAlways(`"certainty":`, string(p.Certainty))
	l = l.text(`"because":`, p.Because)
	for _, end := range []struct {
		name string
		at   *event.Endpoint
	}{{`"local":`, p.Local}, {`"peer":`, p.Peer}} {
		if end.at != nil {
			l = appendEndpoint(l, end.name, *end.at)
		}
	}
	l = l.signed(`"afterMicros":`, p.AfterMicros)
	if p.TookMicros != nil {
		l = l.signed(`"tookMicros":`, *p.TookMicros)
	}
	if p.ErrorMicros != nil {
		l = l.signed(`"errorMicros":`, *p.ErrorMicros)
	}
	return l.close()
}
