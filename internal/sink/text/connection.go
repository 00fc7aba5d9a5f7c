package text

import (
	"strconv"
	"strings"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// connectionText is what is known of a connection, in the words of ss.
func connectionText(c *event.Conn) string {
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
	return strings.Join(parts, " ")
}
