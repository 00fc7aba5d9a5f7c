package finding

import (
	"cmp"
	"fmt"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// deaths are about processes that ended.
var deaths = []*pattern{
	{
		Pattern: Pattern{
			ID: "sigpipe-death", Title: "A process died of SIGPIPE",
			Meaning:  "The process wrote to a connection that the peer had ended. The kernel raised SIGPIPE, and the process has no handler for it.",
			Shows:    "The kernel sent SIGPIPE after the reset, with its default action.",
			Disproof: "The process is still running.",
			Fix:      []string{"Ignore SIGPIPE at the start of the program, or write with MSG_NOSIGNAL.", "Handle EPIPE where the program writes."},
			Sources:  []string{"signal(7)", "sk_stream_error in net/core/stream.c"},
		},
		applies: func(g *group) bool { return g.deaths > 0 },
		say: func(g *group) string {
			end := g.first.Owner.Ended
			died := g.sees() && end != (event.Ended{})
			ended := "that " + g.opponent() + " had ended"
			if died {
				ended = "whose other end was gone"
			}
			text := fmt.Sprintf("%s wrote to a connection %s, and died of SIGPIPE", g.victim("a process"), ended)
			if g.deaths > 1 {
				text += " (" + timesOf(g.deaths) + ")"
			}
			if died {
				text += fmt.Sprintf("; %s %s", g.actor("that process"), endOf(&end)+killerText(&g.first.Owner.KilledBy, g.first.Owner.PID))
			}
			return text
		},
		advice: func(g *group) string {
			died := &g.first.Owner
			if g.sees() {
				died = &g.other.Owner
			}
			text := "Ignore SIGPIPE in " + nameOf(died, 1, "the program") + ", and handle EPIPE where it writes"
			if !g.sees() || g.first.Owner.Ended == (event.Ended{}) {
				return text
			}
			if killer := &g.first.Owner.KilledBy; killer.Comm != "" {
				return text + ". " + killedBy(killer)
			}
			return text + ". Find out, too, why " + nameOf(&g.first.Owner, 1, "the other side") + " ended"
		},
	},
	{
		Pattern: Pattern{
			ID: "process-died", Title: "A process died, and its connections with it",
			Meaning:  "The kernel closed the sockets of a process that ended. Where data was unread or connections were waiting, it sent a RST for each.",
			Shows:    "The sockets were closed by the end of their process: by a signal, or with an exit code that is not 0.",
			Disproof: "The process closed the connections itself before it ended.",
			Fix:      []string{"Look at the end of the process: its log, the journal, a core dump, who sent the signal.", "The connections are victims. Reading or lingering differently would not have helped."},
			Sources:  []string{"do_exit in kernel/exit.c", "inet_csk_listen_stop in net/ipv4/inet_connection_sock.c"},
		},
		applies: func(g *group) bool { return g.key.class == byDeath },
		say: func(g *group) string {
			text := fmt.Sprintf("%s %s, and %s ended with it", g.actor("a process"), endOf(&g.first.Owner.Ended)+killerText(&g.first.Owner.KilledBy, g.first.Owner.PID), connections(g.resets))
			switch {
			case g.is(cause.ListenerClosed) && g.causes.n == 1:
				text += ", not yet accepted"
			case g.causes.has(cause.ListenerClosed):
				text += ", some not yet accepted"
			}
			if s := &g.numbers[unread]; s.count > 0 && g.lost.UnreadBytes > 0 {
				text += fmt.Sprintf(", %s unread", bytesOf(uint64(g.lost.UnreadBytes)))
			}
			if g.causes.has(cause.ListenerClosed) {
				text += g.stillText()
			}
			return text
		},
		advice: func(g *group) string {
			end, killer := &g.first.Owner.Ended, &g.first.Owner.KilledBy
			switch {
			case killer.OOM:
				return "Give " + g.first.Owner.Comm + " more memory, or find out what needed so much (journalctl -k: oom-kill)"
			case killer.Comm != "" && killer.PID != g.first.Owner.PID && end.Signal == "SIGKILL":
				return killedBy(killer)
			}
			switch end.Signal {
			case "":
				text := fmt.Sprintf("Look into the log of %s: why did it exit with %d?", nameOf(&g.first.Owner, 1, "the process"), *end.ExitCode)
				if limits := endingLimits(&g.first.Owner); limits != "" {
					text += " It may be " + limits
				}
				return text
			case "SIGKILL":
				return "Find out what sent SIGKILL: the kernel when memory ran out (journalctl -k), a supervisor, or a person"
			case "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT":
				return "Let " + cmp.Or(g.first.Owner.Comm, "the program") + " finish its connections before it ends, or hand its listener over (reload, socket activation)"
			case "SIGPIPE":
				return "Ignore SIGPIPE in the program, and handle EPIPE where it writes"
			default:
				return "Look for the crash of the process: its log, the journal, a core dump (coredumpctl)"
			}
		},
	},
	{
		Pattern: Pattern{
			ID: "client-went-away", Title: "A client ended, and left connections behind",
			Meaning:  "The client program ended normally with connections open. The server was still sending.",
			Shows:    "The sockets were closed by the end of their process, with exit code 0, at the end that connected.",
			Disproof: "The client reports an error of its own.",
			Fix:      []string{"Nothing, if the program was meant to end there."},
			Sources:  []string{"do_exit in kernel/exit.c"},
		},
		ofSides: true,
		applies: func(g *group) bool {
			end := g.first.Owner.Ended.ExitCode
			_, here := serverOf(&g.first)
			return g.first.LocalSent() && end != nil && *end == 0 && !here
		},
		say: func(g *group) string {
			return fmt.Sprintf("%s ended normally and left %s open", g.actor("a client"), connections(g.resets))
		},
		advice:   func(*group) string { return "Nothing to do, if the client was meant to end there" },
		harmless: func(*group) bool { return true },
	},
}

// killerText names who sent the signal, if that was not the process itself.
func killerText(k *event.Killer, pid uint32) string {
	switch {
	case k.OOM:
		return " (by the kernel, because memory had run out)"
	case k.Comm != "" && k.PID != pid:
		return fmt.Sprintf(" (sent by %s[%d])", k.Comm, k.PID)
	case k.Kernel:
		return " (by the kernel)"
	}
	return ""
}

func endOf(end *event.Ended) string {
	if end.Signal != "" {
		return "was killed by " + end.Signal
	}
	return fmt.Sprintf("exited with %d", *end.ExitCode)
}

func connections(n uint64) string {
	if n == 1 {
		return "1 connection"
	}
	return cause.Grouped(n) + " connections"
}

func timesOf(n uint64) string {
	if n == 1 {
		return "once"
	}
	return cause.Grouped(n) + " times"
}

// opponent names the end that sent the RST, as seen from the one that got it.
func (g *group) opponent() string {
	if g.first.LocalSent() {
		return g.actor(g.first.Local.String())
	}
	return g.first.Peer.String()
}
