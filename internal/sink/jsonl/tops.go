package jsonl

import "github.com/rsttrace/rsttrace/pkg/event"

func appendTops(l line, t *event.Tops) line {
	l = l.open(`"top":`)
	l = appendTop(l, `"owners":`, &t.Owners, func(l line, r *event.TopRow) line {
		owner, start := &r.Owner, len(l)
		l = l.open(`"owner":`)
		l = l.text(`"comm":`, owner.Comm)
		l = l.text(`"cgroup":`, owner.Cgroup)
		l = l.text(`"container":`, owner.Container)
		l = l.text(`"unit":`, owner.Unit)
		l = l.text(`"pod":`, owner.Pod)
		l = l.text(`"workload":`, owner.Workload)
		return l.closeUnlessEmpty(start)
	})
	l = appendTop(l, `"peers":`, &t.Peers, func(l line, r *event.TopRow) line {
		if !r.Peer.IsValid() {
			return l
		}
		return l.open(`"peer":`).address(`"addr":`, r.Peer).close()
	})
	l = appendTop(l, `"ports":`, &t.Ports, func(l line, r *event.TopRow) line {
		if r.Port == 0 {
			return l
		}
		return l.open(`"local":`).numberAlways(`"port":`, uint64(r.Port)).close()
	})
	return l.close()
}

// appendTop writes one table; key writes whose row it is.
func appendTop(l line, name string, t *event.Top, key func(line, *event.TopRow) line) line {
	l = l.open(name)
	l = l.openList(`"rows":`)
	for i := range t.Rows {
		r := &t.Rows[i]
		l = key(l.open(""), r)
		l = appendNetns(l, r.Netns)
		l = l.text(`"dir":`, string(r.Dir))
		l = l.textAlways(`"cause":`, string(r.Cause))
		l = l.numberAlways(`"events":`, r.Events)
		l = l.close()
	}
	l = l.closeList()
	l = l.numberAlways(`"unlisted":`, t.Unlisted)
	l = l.numberAlways(`"further":`, t.Further)
	l = l.numberAlways(`"displaced":`, t.Displaced)
	return l.close()
}
