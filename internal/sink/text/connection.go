package text

import (
	"strconv"
	"strings"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// connectionText is what is known of a connection, in the words of ss. The user is
// that of the socket's creator: it stands for a process where none is known.
func connectionText(e *event.Event) string {
	c := &e.Conn
	if !c.Known {
		return ""
	}
	var parts []string
	add := func(name string, value uint64) { parts = append(parts, name+":"+strconv.FormatUint(value, 10)) }
	since := func(name string, millis uint64) {
		if millis > 0 {
			parts = append(parts, name+":"+(time.Duration(millis)*time.Millisecond).String())
		}
	}
	since("age", c.AgeMillis)
	since("lastrcv", c.LastReceivedMillis)
	since("lastsnd", c.LastSentMillis)
	if c.SRTTMicros > 0 {
		parts = append(parts, "rtt:"+strconv.FormatFloat(float64(c.SRTTMicros)/1000, 'f', -1, 64)+"ms")
	}
	if c.Retransmits > 0 {
		add("retransmits", uint64(c.Retransmits))
	}
	add("bytes_acked", c.BytesAcked)
	add("bytes_received", c.BytesReceived)
	if c.Cookie > 0 {
		parts = append(parts, "cookie:"+strconv.FormatUint(c.Cookie, 16)) // as ss -e shows it
	}
	if c.Mark > 0 {
		parts = append(parts, "fwmark:0x"+strconv.FormatUint(uint64(c.Mark), 16)) // as ss -e shows it
	}
	if c.UID != nil && e.Owner.PID == 0 {
		add("uid", uint64(*c.UID))
	}
	return strings.Join(parts, " ")
}
