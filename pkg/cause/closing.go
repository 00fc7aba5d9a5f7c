package cause

import (
	"fmt"
	"strconv"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// What the flow memory knows of a connection, or a listener, that was here.

// resetAtOnce: it went to CLOSE straight from an open state, without a FIN.
func resetAtOnce(c event.Closing) bool {
	return c.To == event.StateClose && (beforeShutdown(c.From) || c.From == 0)
}

// notByProcess says how the connection ended that no process closed: "a RST had
// ended". It is "" if one did, or that is not known. What the event of the end was
// says more than the note.
func notByProcess(e *event.Event) string {
	switch e.Earlier.Cause {
	case ListenerClosed:
		return "had ended with its listener"
	case SocketDestroyed:
		return "somebody had destroyed"
	case Disconnect:
		return "connect(AF_UNSPEC) had ended"
	}
	switch e.Kernel.Closing.EndedBy {
	case event.EndedByReset:
		if receivedEarlier(e) {
			return "a RST had ended"
		}
		return "had been reset"
	case event.EndedByTimeout:
		switch e.Earlier.Cause {
		case KeepaliveTimeout:
			return "keep-alive had given up"
		case KeepaliveUserTimeout:
			return "TCP_USER_TIMEOUT had ended"
		}
		return "had timed out"
	}
	return ""
}

// receivedEarlier reports whether the event that ended the connection was a RST
// that came.
func receivedEarlier(e *event.Event) bool {
	entry := entryOf[e.Earlier.Cause]
	return entry != nil && entry.Dir == event.Received
}

// endedVerb is what its closer had done: "closed". Where the connection went to
// CLOSE in a way that is no close of its owner, "ended" is all that is certain:
// connect(AF_UNSPEC), or somebody destroyed it.
func endedVerb(e *event.Event) string {
	c := e.Kernel.Closing
	if c.To == event.StateClose && !c.Unread && !c.LingerZero && !c.OwnerClosed {
		return "ended"
	}
	return "closed"
}

// closedHow is " with data unread", where that or an option made the close a
// reset; "" for a normal close.
func closedHow(e *event.Event) string {
	c := e.Kernel.Closing
	switch {
	case c.To == event.StateFinWait1 || c.To == event.StateLastAck:
		return "" // a FIN went out
	case c.Unread:
		return " with data unread"
	case c.LingerZero:
		return " with SO_LINGER {1,0}"
	case resetAtOnce(c):
		return " at once, without a FIN"
	}
	return ""
}

// when is " (12 ms earlier)", where it is known, with the number of the event if
// it was one: " (#12, 12 ms earlier)".
func when(e *event.Event) string {
	if text := whenText(e); text != "" {
		return " (" + text + ")"
	}
	return ""
}

// earlier is when, after words that end in brackets: ", 12 ms earlier".
func earlier(e *event.Event) string {
	if text := whenText(e); text != "" {
		return ", " + text
	}
	return ""
}

func whenText(e *event.Event) string {
	c := e.Kernel.Closing
	if c.Ago <= 0 {
		return ""
	}
	number := "#" + strconv.FormatUint(e.Earlier.Event, 10)
	last := time.Duration(e.Earlier.AgoMillis) * time.Millisecond
	switch {
	case e.Earlier.Event == 0:
		return ago(c) + " earlier"
	case c.EndedBy == event.EndedByProcess && c.To != event.StateClose && c.Ago-last > 2*c.Precision+time.Millisecond: // closed first, then ended by something else
		return ago(c) + " earlier; " + number + " ended it"
	}
	return number + ", " + ago(c) + " earlier"
}

// agoText is " 12 s ago", where it is known.
func agoText(e *event.Event) string {
	if e.Kernel.Closing.Ago <= 0 {
		return ""
	}
	return " " + ago(e.Kernel.Closing) + " ago"
}

// formerSocket says who listened where a SYN found nobody; "" where nothing is
// remembered.
func formerSocket(e *event.Event) string {
	if from := e.Kernel.Closing.From; from != 0 && from != event.StateListen {
		return closedBefore(e)
	}
	if !e.Kernel.Closer.Known() && e.Kernel.Closing.Ago <= 0 {
		return ""
	}
	who := actorOf(e.Kernel.Closer)
	text := who.or("a process") + " listened there"
	switch {
	case who.ended != "":
		return text + " until it " + who.ended + agoText(e)
	case e.Kernel.Closing.Ago > 0:
		return text + " until" + agoText(e)
	}
	return text + " before"
}

// closedBefore says who closed the connection that a packet seems to be of; ""
// where nothing is remembered, or only an attempt.
func closedBefore(e *event.Event) string {
	if e.Kernel.Closing.From == event.StateSynSent {
		return ""
	}
	if !e.Kernel.Closer.Known() && e.Kernel.Closing.Ago <= 0 {
		return ""
	}
	switch e.Kernel.Closing.EndedBy {
	case event.EndedByReset:
		return "a connection between these addresses was reset" + agoText(e)
	case event.EndedByTimeout:
		return "a connection between these addresses timed out" + agoText(e)
	}
	who := actorOf(e.Kernel.Closer)
	if who.ended != "" {
		return fmt.Sprintf("a connection between these addresses ended when %s %s%s", who.name(), who.ended, agoText(e))
	}
	return fmt.Sprintf("%s %s a connection between these addresses%s", who.or("a process"), endedVerb(e), agoText(e))
}
