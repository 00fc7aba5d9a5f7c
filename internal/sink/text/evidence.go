package text

import (
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// evidenceText lists what is known of the evidence, by the names of the JSON
// form.
func evidenceText(ev *event.Evidence) string {
	var b strings.Builder
	add := func(name, value string) {
		if value != "" {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(name + "=" + value)
		}
	}
	add("hook", ev.Hook.String())
	add("socket", ev.Socket.String())
	add("state", ev.State.String())
	add("prior", ev.Prior.String())
	if ev.SeesPacket() {
		add("packet", ev.Packet.String())
	}
	add("caller", ev.Caller.String())
	add("reason", ev.Reason)
	add("chain", ev.Chain.String())
	add("family", string(ev.Family))
	add("facts", ev.Facts.String())
	return b.String()
}
