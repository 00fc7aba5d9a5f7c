package jsonl

import "github.com/rsttrace/rsttrace/pkg/event"

func appendTops(o *object, t *event.Tops) {
	o.open("top")
	appendTop(o, "owners", &t.Owners, func(r *event.TopRow) {
		owner := &r.Owner
		if owner.Comm == "" && owner.Cgroup == "" {
			return
		}
		o.open("owner")
		o.text("comm", owner.Comm)
		o.text("cgroup", owner.Cgroup)
		o.text("container", owner.Container)
		o.text("unit", owner.Unit)
		o.text("pod", owner.Pod)
		o.close()
	})
	appendTop(o, "peers", &t.Peers, func(r *event.TopRow) {
		if r.Peer.IsValid() {
			o.open("peer")
			o.address("addr", r.Peer)
			o.close()
		}
	})
	appendTop(o, "ports", &t.Ports, func(r *event.TopRow) {
		if r.Port != 0 {
			o.open("local")
			o.numberAlways("port", uint64(r.Port))
			o.close()
		}
	})
	o.close()
}

// appendTop writes one table; key writes whose row it is.
func appendTop(o *object, name string, t *event.Top, key func(*event.TopRow)) {
	o.open(name)
	o.key("rows")
	o.buf = append(o.buf, '[')
	for i := range t.Rows {
		r := &t.Rows[i]
		if i > 0 {
			o.buf = append(o.buf, ',')
		}
		o.buf = append(o.buf, '{')
		key(r)
		appendNetns(o, r.Netns)
		o.text("dir", string(r.Dir))
		o.textAlways("cause", string(r.Cause))
		o.numberAlways("events", r.Events)
		o.close()
	}
	o.buf = append(o.buf, ']')
	o.numberAlways("unlisted", t.Unlisted)
	o.numberAlways("further", t.Further)
	o.numberAlways("displaced", t.Displaced)
	o.close()
}
