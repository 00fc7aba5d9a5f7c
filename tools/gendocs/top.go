package main

import (
	"fmt"
	"strings"

	"github.com/rsttrace/rsttrace/internal/sink/screen/view"
)

const topIntro = `<!-- Generated from internal/sink/screen/view by "make docs". Do not edit. -->
# The live screen

` + "`rsttrace top`" + ` shows what happens now. It is for the minutes of an incident.

![rsttrace top in 80 columns: causes, findings and events](pictures/top-80.svg)

` + "```" + `
rsttrace top                                # as root
rsttrace top --filter 'sent and port 443'
rsttrace top -w incident.pcapng             # and record all of it
rsttrace top incident.pcapng                # play that again, later and elsewhere
` + "```" + `

## What is where
1. **Header.** The number of all resets of this host, and how many come per second. It also says what is filtered, and how many events have no details.
2. **Causes.** Exact totals by direction and cause, with their rates and the last minute. They come from counters in the kernel, once a second. No filter changes them.
3. **Findings.** All resets that happened for one reason are one row. What cost an application data, or gave it an error, comes first. A full circle means that it goes on: a reset came in the last ten seconds.
4. **Events.** The last 4 096 that match the filter, the newest first.
5. **The chosen row in full.** In 150 columns or more it is at the right. In less, Enter opens it. It has the evidence, the other end, what the cause means, and commands to look further.

The first row of a table follows what is new. Any other row stays chosen, whatever comes. So move down to read in peace, and press ` + "`g`" + ` to follow again.

A name that somebody else has chosen is only text here. Control characters are written out, as ` + "`\\x1b`" + `.

![rsttrace top in 200 columns: the chosen finding is at the right](pictures/top-200.svg)

## In a storm, and over a slow line
No event draws anything. The screen looks four times per second what is new, and writes only the cells that changed. If the terminal is slow, it looks less often. Keys are answered in between.

The kernel side gives details of up to 1 000 events per second, kind and processor (` + "`--max-rate`" + `). It counts all of them. So the totals are exact in any storm, and events and findings are a part of it. A filter keeps rare events on the screen: the others push none of them out.

[The bench](../bench/README.md) has what the screen costs beside plain output.

## Play a recording
` + "`rsttrace top FILE`" + ` reads whatever ` + "`rsttrace read`" + ` reads. It shows the whole recording first. The second line is its time, with the place where you are. The arrow keys go back and on. Every moment looks as it did then: totals, findings and events know nothing of what came later. To go back, the file is read again from its beginning, so the memory does not depend on its length.

For example, ` + "`[`" + ` goes to the beginning, and ` + "`.`" + ` goes from event to event.

## Write what you see
` + "`w`" + ` writes the marked events, or all that are shown if none is marked. The end of the name decides: ` + "`.pcapng`" + ` for Wireshark, ` + "`.jsonl`" + `, or ` + "`.html`" + ` for [a report](report.md). Only you can read the file, and no file is replaced.

` + "`-w`" + ` on the command line is something else: it records all events from the beginning.

## Terminals
- The screen needs 40 columns, and has room for all parts from 80 by 24 on.
- It uses the eight basic colours of your terminal, so it fits a dark and a light theme. ` + "`NO_COLOR=1`" + ` turns them off. Nothing is said by colour alone.
- Without a UTF-8 locale, all signs are ASCII.
- When it ends, the terminal is as before, also after a signal. The totals of a live run are printed then.
- Warnings, and what ` + "`--audit`" + ` finds, are notes: the key ` + "`n`" + ` shows them.

## Keys
`

func topPage() string {
	var page strings.Builder
	page.WriteString(topIntro)
	group := ""
	for _, k := range view.KeyHelps() {
		if k.Group != group {
			group = k.Group
			fmt.Fprintf(&page, "\n**%s**\n\n| key | what it does |\n| --- | --- |\n", group)
		}
		fmt.Fprintf(&page, "| %s | %s |\n", "`"+strings.ReplaceAll(k.Keys, " ", "` `")+"`", cell(k.Help))
	}
	page.WriteString("\nWhere text is typed, the keys are those of shells: Ctrl-A, Ctrl-E, Ctrl-U, Ctrl-K, Ctrl-W, and Tab to complete. Esc leaves.\n")
	return page.String()
}
