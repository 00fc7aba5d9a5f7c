package finding

import (
	"fmt"
	"slices"

	"github.com/rsttrace/rsttrace/pkg/cause"
)

const (
	// A TLS alert is a record of 5 bytes with 2 of content: 7 in the clear, 24 to 31
	// encrypted (RFC 8446 section 5.2, by cipher).
	alertClear, alertMin, alertMax = 7, 24, 31
)

// lastWords are about what is said last, and that nobody reads.
var lastWords = []*pattern{
	{
		Pattern: Pattern{
			ID: "unread-farewell", Title: "Only a farewell was left unread",
			Causes:   causeIDs{cause.UnreadDataOnClose, cause.DataAfterClose, cause.ClosedEarlier},
			Meaning:  "The application closed with a few bytes unread, or a few came after the close. Their size is that of the last words of a protocol: close_notify of TLS, QUIT.",
			Shows:    "7 or 24 to 31 bytes on a connection that may be of TLS, or the size of QUIT on a port that has it, and the sender closed behind it. Nothing was unsent.",
			Disproof: "The unread bytes were a request.",
			Fix:      []string{"Nothing. To avoid the RST, read until the end of the stream before closing."},
			Sources:  []string{"RFC 8446 section 6.1"},
		},
		applies: func(g *group) bool {
			return g.key.class == byFarewell && g.lost.UnsentBytes == 0 && !g.lostData()
		},
		say: func(g *group) string {
			if g.numbers[unread].count == 0 {
				return fmt.Sprintf("a farewell of %s came after %s had closed: %s%s", g.peer(), g.actor("the application"), bytesRange(&g.late), g.times())
			}
			return fmt.Sprintf("%s closed and left %s unread, the size of a farewell%s", g.actor("the application"), bytesOf(g.numbers[unread].median()), g.times())
		},
		advice: func(*group) string {
			return "Nothing to do: no data was lost. Reading to the end of the stream before closing avoids the RST"
		},
		because: func(g *group) []string {
			return []string{"no more was lost than a farewell has, such as close_notify of TLS"}
		},
		harmless: func(*group) bool { return true },
	},
}

// farewell reports whether all that was unread, or that came too late, are the last words of
// a protocol.
func (r *reset) farewell() bool {
	e := r.acted
	var n uint64
	switch {
	case !r.seen():
		return false
	case e.Cause == cause.UnreadDataOnClose:
		n = uint64(e.Lost.UnreadBytes)
	case e.Cause == cause.DataAfterClose, e.Cause == cause.ClosedEarlier:
		n = uint64(e.Trigger.Len)
	}
	if n == 0 || n > alertMax {
		return false
	}
	server, _ := serverOf(e)
	alert := n == alertClear || n >= alertMin && n <= alertMax
	return alert && r.mayBeTLS(server.Port) || slices.Contains(farewells[server.Port], n) || r.lastWords() && slices.Contains(byes[server.Port], n)
}

// mayBeTLS: a port that TLS has, or the connection has carried at least a handshake.
func (r *reset) mayBeTLS(port uint16) bool {
	e := r.acted
	if r.both() && !e.Conn.Known {
		e = r.suffered
	}
	return slices.Contains(tlsPorts, port) || payloadReceived(e) >= handshakeMin && payloadSent(e) >= handshakeMin
}

// handshakeMin is less than what either end sends in a handshake of TLS.
const handshakeMin = 150

var tlsPorts = []uint16{443, 465, 636, 853, 989, 990, 992, 993, 995, 5061, 5671, 6443, 6697, 8443, 8883, 9443}

// farewells are the sizes of what clients say last, by the port of the server, where no
// request is as short.
var farewells = map[uint16][]uint64{
	5432: {5}, // PostgreSQL: Terminate
}

// byes are sizes that farewells share with requests. They are farewells if their sender has
// closed behind them: a pool that says PING goes on, a client that says QUIT does not.
var byes = map[uint16][]uint64{
	21: {6}, 25: {6}, 110: {6}, 587: {6}, // QUIT and the end of a line; NOOP, RSET
	3306:  {5},     // MySQL: COM_QUIT; COM_PING
	6379:  {6, 14}, // Redis: QUIT, inline and as an array; PING
	11211: {6},     // memcached: quit
}

// lostData reports whether more than what came too late was lost.
func (g *group) lostData() bool {
	return g.lost.UnackedBytes > 0 && uint64(g.lost.UnackedBytes) > g.late.max*g.resets
}
