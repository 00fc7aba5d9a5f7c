package finding

import (
	"fmt"
	"strconv"

	"github.com/rsttrace/rsttrace/pkg/cause"
)

// chains are about proxies.
var chains = []*pattern{
	{
		Pattern: Pattern{
			ID: "passed-on", Title: "A proxy passed a reset on",
			Causes:   causeIDs{cause.LingerZero, cause.UnreadDataOnClose, cause.Disconnect, cause.DisconnectWithUnsentData},
			Meaning:  "A process got a reset on one connection. A moment later it reset the connection for which it needed that one.",
			Shows:    "Both within 100 ms, by one process, which was the client of one connection and the server of the other.",
			Disproof: "The log of the process names another reason for the second reset.",
			Fix:      []string{"Look at the first reset: the cause is there."},
			Sources:  []string{"documentation of the program"},
		},
		ofSides: true,
		applies: func(g *group) bool {
			id, _ := g.led.most(g.resets)
			return id != 0 && g.sees()
		},
		say: func(g *group) string {
			id, by := g.led.most(g.resets)
			whose := "its connection to"
			if _, server := serverOf(&g.first); server {
				whose = "the connection of"
			}
			return fmt.Sprintf("%s reset %s %s %s after %s had reset another connection of %[1]s (finding #%[6]d)%[7]s",
				g.actor("a proxy"), whose, g.peer(), rangeOf(&g.led.waits), by, id, g.times())
		},
		advice: func(g *group) string {
			id, _ := g.led.most(g.resets)
			return "Start with finding #" + strconv.FormatUint(id, 10) + ": " + g.actor("the proxy") + " most likely only passed it on"
		},
		because: func(g *group) []string {
			return []string{"the two came " + rangeOf(&g.led.waits) + " apart, and no other proof links them"}
		},
	},
}
