package finding

import (
	"fmt"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// ends are about limits of the kernel, and about a deliberate abort.
var ends = []*pattern{
	{
		Pattern: Pattern{
			ID: "orphan-limit", Title: "The kernel has too many orphans",
			Causes:   causeIDs{cause.OrphanLimit},
			Meaning:  "A closed connection still had data to deliver. The kernel gave it up because it has too many such orphans, or too little memory for TCP.",
			Shows:    "The limit is checked in tcp_check_oom, which sends these RSTs.",
			Disproof: "Nothing: the kernel function is proof.",
			Fix:      []string{"Raise net.ipv4.tcp_max_orphans or net.ipv4.tcp_mem, or find out which program closes so many connections with data unsent."},
			Sources:  []string{"tcp_check_oom in net/ipv4/tcp.c", "ip-sysctl: tcp_max_orphans, tcp_mem"},
		},
		applies: always,
		say: func(g *group) string {
			text := fmt.Sprintf("the kernel gave up %s of %s: too many orphans, or too little memory for TCP", connections(g.resets), g.actor("closed programs"))
			if o := &g.first.Orphans; o.Known {
				text += fmt.Sprintf("; a moment later there were %s orphans of %s (tcp_max_orphans), and %s pages of %s (tcp_mem)",
					cause.Grouped(o.Open), cause.Grouped(o.Limit), cause.Grouped(o.Memory), cause.Grouped(o.MemoryLimit))
			}
			return text
		},
		advice: func(g *group) string {
			raise := "Raise net.ipv4.tcp_max_orphans or net.ipv4.tcp_mem"
			// The kernel counts an orphan up to four times.
			switch o := &g.first.Orphans; {
			case !o.Known:
			case o.Memory >= o.MemoryLimit:
				raise = "Raise net.ipv4.tcp_mem, which is used up"
			case 4*o.Open > o.Limit:
				raise = fmt.Sprintf("Raise net.ipv4.tcp_max_orphans above %d", o.Limit)
			default:
				return "Find out who closed so many connections with data unsent: neither limit was reached a moment later, so it was a short peak, or a limit was raised since"
			}
			return raise + ", or find out who closes so many connections with data unsent"
		},
	},
	{
		Pattern: Pattern{
			ID: "deliberate-abort", Title: "A program aborts connections on purpose",
			Causes:   causeIDs{cause.LingerZero},
			Meaning:  "The program set SO_LINGER {1,0} and closed, or disconnected the socket. The kernel then throws away what is unsent, and sends a RST.",
			Shows:    "The linger option of the socket at its close.",
			Disproof: "Nothing: the option is proof. Why it was set only the program knows.",
			Fix:      []string{"Remove SO_LINGER {1,0} where the data matters, or half-close first."},
			Sources:  []string{"socket(7): SO_LINGER", "__tcp_close in net/ipv4/tcp.c"},
		},
		applies: func(g *group) bool { return g.first.Owner.Ended == (event.Ended{}) },
		say: func(g *group) string {
			return fmt.Sprintf("%s ended a connection with SO_LINGER {1,0}, which sends a RST instead of a FIN%s", g.actor("the application"), g.times())
		},
		advice: func(g *group) string {
			remove := "Remove SO_LINGER {1,0}"
			if g.first.Owner.Comm == "haproxy" {
				remove = "Look for \"option nolinger\" in HAProxy's configuration, and delete it"
			}
			switch {
			case g.lost.UnsentBytes > 0 || g.lost.UnackedBytes > 0:
				return remove + ": it throws away what was not delivered"
			case g.both < g.resets:
				return remove + " if the other side must not see an error. What it lost is not known here"
			}
			return remove + " if the other side must not see an error. No data was lost"
		},
		harmless: func(g *group) bool { return g.both == g.resets && !g.hurt() },
	},
}
