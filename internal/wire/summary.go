package wire

import (
	"fmt"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// summary is one sentence about the RST of s to t.
func (d *Verdict) summary(s, t event.Endpoint) string {
	v := d.sight
	switch d.Kind {
	case RefusedSYN:
		return fmt.Sprintf("%s refused the connection of %s", s, t)
	case NoSocket:
		return fmt.Sprintf("%s knows no connection with %s, so it answered with a RST", s, t)
	case AfterClose:
		return fmt.Sprintf("%s had closed its side, %s went on, and a RST was the answer", s, t)
	case AfterReset:
		return fmt.Sprintf("%s had reset the connection with %s, and answers what still comes with a RST", s, t)
	case Abort:
		return fmt.Sprintf("%s ended a living connection with %s", s, t)
	case OddAbort:
		return fmt.Sprintf("%s, or a device between, ended the connection with %s", s, t)
	case KeepAlive:
		return fmt.Sprintf("%s gave up the connection with %s, which did not answer %s", s, t, times(uint64(v.s.probes.count), "keep-alive probe"))
	case BrokenOff:
		return fmt.Sprintf("%s broke off its connection attempt to %s", s, t)
	case Unasked:
		return fmt.Sprintf("%s got a SYN-ACK from %s that it had not asked for", s, t)
	case Challenged:
		return fmt.Sprintf("%s did not obey the RST of %s: its sequence number was not exact", t, s)
	case BadSum:
		return fmt.Sprintf("%s drops the RST of %s: its checksum is wrong", t, s)
	case NoSignature:
		return fmt.Sprintf("%s drops the RST of %s: it has no signature", t, s)
	case FastClosed:
		return fmt.Sprintf("%s closed a whole MPTCP connection at once, so its subflow with %s was reset", s, t)
	case SubflowGone:
		return fmt.Sprintf("MPTCP of %s gave up its subflow with %s", s, t)
	case OtherDevice:
		return fmt.Sprintf("Another device most likely sent a RST to %s with the address of %s", t, s)
	case Injected:
		return fmt.Sprintf("A RST to %s with the address of %s was most likely forged", t, s)
	}
	return fmt.Sprintf("%s sent a RST to %s, and the capture does not show why", s, t)
}
