package main

import (
	"fmt"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/filter"
)

const filtersIntro = `<!-- Generated from pkg/filter by "make docs". Do not edit. -->
# Filters

A filter says which events you see. It hides events. The totals are still those of the whole host. Only what needs hooks that the filter leaves out is in no count, and the totals name it as *not counted*.

` + "```" + `
rsttrace sent and port 443
rsttrace 'cause in (peer-gone, half-open) and silence > 300s and not comm nginx'
rsttrace read resets.jsonl --filter 'errno ECONNRESET and has pod'
rsttrace --filter-file ours.filter
` + "```" + `

**Tests.** A test is a field, an operator and a value: ` + "`silence > 300s`" + `. Without an operator, the field is compared
with ` + "`=`" + `: ` + "`port 443`" + `. Some fields are tests by themselves: ` + "`sent`" + `.

| operator | for | example |
| --- | --- | --- |
| ` + "`=` `!=`" + ` | all fields with values | ` + "`comm != nginx`" + ` |
| ` + "`<` `<=` `>` `>=`" + ` | numbers, sizes and times | ` + "`lost >= 1M`" + ` |
| ` + "`~`" + ` | names: a regular expression | ` + "`comm ~ '^php.*fpm$'`" + ` |
| ` + "`in ( )`" + ` | any of several values | ` + "`port in (80, 443)`" + ` |
| ` + "`has`" + ` | asks whether the field is known | ` + "`has container`" + ` |

**Joining.** ` + "`not`" + ` binds most tightly, then ` + "`and`" + `, then ` + "`or`" + `. Parentheses change that:
` + "`(sent or received) and port 22`" + `. The signs ` + "`!`, `&&` and `||`" + ` mean the same.

**Values.** Names are written as rsttrace prints them. Quote a name with blanks or signs: ` + "`comm \"tmux: server\"`" + `.
Times have a unit: ` + "`300ms`, `30s`, `5m`, `1h`" + `. Sizes are bytes, and ` + "`k`, `M`, `G`" + ` are powers of 1024. ` + "`#`" + ` begins a comment.

**What is not known.** A field that an event lacks matches nothing. So ` + "`silence > 300s`" + ` hides events without a known silence,
and ` + "`not silence > 300s`" + ` shows them.

**Several of a kind.** An event has two ports, two addresses, and sometimes several processes. ` + "`port 80 and port 443`" + ` matches an event
with one of them at each end.

**Who decides.** The kernel side holds back what the filter refuses for certain, so it costs next to nothing. The program decides the rest.
` + "`rsttrace --explain-filter FILTER`" + ` shows who decides each part.

**Flags.** ` + "`--port 80,443`" + ` is short for ` + "`port in (80, 443)`" + `. So are the other flags with the name of a field. An event must satisfy every
flag and the filter. Without a direction in flags and filter, only sent and received RSTs are shown.

| field | what it is | example |
| --- | --- | --- |
`

func filtersPage() string {
	var page strings.Builder
	page.WriteString(filtersIntro)
	for _, f := range filter.Fields() {
		fmt.Fprintf(&page, "| `%s` | %s | `%s` |\n", f.Name, cell(f.Help), f.Example)
	}
	return page.String()
}
