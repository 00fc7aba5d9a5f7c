package finding

import (
	"fmt"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// limits are about servers that serve no more connections.
var limits = []*pattern{
	{
		Pattern: Pattern{
			ID: "turned-away", Title: "A server turned clients away",
			Causes:   append(causeIDs{cause.WroteAfterPeerClose, cause.ResetAfterPeerClose}, serverCloses...),
			Meaning:  "The server accepted connections and closed them at once. Programs that reach their limit of connections do so.",
			Shows:    "The server closed within 50 ms of the connection. It had read nothing and sent nothing. Or it is a program with a known limit of connections, which closed within a second after no more than a line: sshd, memcached, redis and MySQL say why.",
			Disproof: "The server's log shows another reason, such as a rule for addresses.",
			Fix:      []string{"Raise the limit of connections, or find out why so many are open."},
			Sources:  []string{"documentation of the program"},
		},
		ofSides: true,
		applies: func(g *group) bool {
			c := &g.closings
			_, here := serverOf(&g.first)
			if !g.unread() || g.first.Owner.Ended != (event.Ended{}) {
				return false
			}
			limited := c.said <= lineMax && c.slowest <= soonMillis && settingOf(g.limiting(), connectionLimit) != ""
			switch {
			case g.sees():
				return here && g.key.class == byTurn && (c.said == 0 && c.slowest <= atOnceMillis || limited)
			}
			return !here && g.is(cause.WroteAfterPeerClose, cause.ResetAfterPeerClose) && c.said > 0 && limited
		},
		say: func(g *group) string {
			server, here := serverOf(&g.first)
			who := server.Addr.String()
			if here {
				who = g.actor("the server")
			}
			text := fmt.Sprintf("%s accepted %s on %s and closed %s at once%s", who, g.oneOf("a connection", "connections"), server, g.oneOf("it", "them"), g.times())
			if n := g.closings.said; n > 0 {
				text += fmt.Sprintf(", after a line of %s that may say why", bytesOf(n))
			}
			return text
		},
		advice: func(g *group) string {
			return "Look at " + setting(g.limiting(), connectionLimit) + ": a server that is full closes new connections like this. If it was not full, its log may say why"
		},
		because: func(g *group) []string {
			did := "read nothing and sent nothing"
			if g.closings.said > 0 {
				did = "read nothing and sent no more than a line"
			}
			return []string{"the server closed within " + span(max(g.closings.slowest, 1)) + ", " + did}
		},
	},
}

// soonMillis is less than any limit of programs that say a line first, except that of
// connections.
const soonMillis = 1000

// lineMax is how long a line is that says why a connection is not served.
const lineMax = 256

// portPrograms are the usual programs of some ports, where servers say a line first.
var portPrograms = map[uint16]string{21: "vsftpd", 22: "sshd", 3306: "mysqld", 6379: "redis-server", 11211: "memcached"}

// limiting is the process of the server, or else the usual one of the port.
func (g *group) limiting() *event.Owner {
	server, here := serverOf(&g.first)
	if here {
		return &g.first.Owner
	}
	return &event.Owner{Comm: portPrograms[server.Port]}
}
