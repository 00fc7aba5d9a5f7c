package text

import (
	"strconv"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// callsText lists what the application's calls give, by the names of the JSON
// form.
func callsText(app *event.App) string {
	text := callList(&app.Calls, app.DataFirst)
	if then := callList(&app.AfterError, false); then != "" {
		text += "; then " + then
	}
	return text
}

func callList(c *event.Calls, dataFirst bool) string {
	var b strings.Builder
	add := func(name, gives, more string) {
		if gives != "" {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(name + "=" + gives + more)
		}
	}
	read, write := "", ""
	if dataFirst {
		read = " (after the data)"
	}
	if c.SIGPIPE {
		write = "+SIGPIPE"
	}
	add("accept", c.Accept, "")
	add("connect", c.Connect, "")
	add("poll", c.Poll, "")
	add("soError", c.SOError, "")
	add("read", c.Read, read)
	add("write", c.Write, write)
	return b.String()
}

// triggerText is the packet that a sent RST answers.
func triggerText(s *event.Segment) string {
	if *s == (event.Segment{}) {
		return ""
	}
	text := s.Flags.String() + " seq=" + strconv.FormatUint(uint64(s.Seq), 10)
	if s.SeqOffset != nil {
		text += " (" + string(s.Position) + ", rcv_nxt" + signed(*s.SeqOffset) + ")"
	}
	text += " len=" + strconv.FormatUint(uint64(s.Len), 10)
	if s.TTL != 0 {
		text += " ttl=" + strconv.FormatUint(uint64(s.TTL), 10)
	}
	if s.Ifname != "" {
		text += " ifname=" + s.Ifname
	}
	return text
}

// signed writes an offset with its sign: "+0", "-12".
func signed(n int32) string {
	text := strconv.FormatInt(int64(n), 10)
	if n >= 0 {
		return "+" + text
	}
	return text
}
