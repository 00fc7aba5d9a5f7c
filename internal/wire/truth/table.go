package truth

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Table is the part of docs/wire.md that the lab proves: a line for each scenario and
// kind of RST, and the sums.
func Table(ctx context.Context, cases []Case) (string, error) {
	lines := make(map[string][]string) // by scenario
	var order []string
	var sums [2][None + 1]int
	for i := range cases {
		judged, err := Judge(ctx, &cases[i])
		if err != nil {
			return "", fmt.Errorf("%s: %w", cases[i].Name(), err)
		}
		name := cases[i].Scenario
		if _, seen := lines[name]; !seen {
			order = append(order, name)
			lines[name] = nil
		}
		for j := range judged {
			sums[0][judged[j].SenderGrade]++
			sums[1][judged[j].ReceiverGrade]++
			if line := judged[j].line(); !slices.Contains(lines[name], line) {
				lines[name] = append(lines[name], line)
			}
		}
	}
	var page strings.Builder
	page.WriteString("| | same | weaker but right | not known | **wrong** |\n| --- | --- | --- | --- | --- |\n")
	for side, name := range []string{"at the sender", "at the receiver"} {
		fmt.Fprintf(&page, "| %s | %d | %d | %d | **%d** |\n", name, sums[side][Same], sums[side][Weaker], sums[side][NotKnown], sums[side][Wrong])
	}
	page.WriteString("\n| scenario | RST | the capture says: the sender … | what happened at the sender | | what happened at the receiver | |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, name := range order {
		slices.Sort(lines[name])
		for _, line := range lines[name] {
			fmt.Fprintf(&page, "| %s %s\n", name, line)
		}
	}
	return page.String(), nil
}

// line is one RST, without what changes between runs.
func (j *Judged) line() string {
	return fmt.Sprintf("| `%s` | %s (row %d) | %s | %s | %s | %s |", j.Flags, j.Kind, j.Row, code(j.Sender), j.SenderGrade, code(j.Receiver), j.ReceiverGrade)
}

func code(id event.CauseID) string {
	if id == "" {
		return "–"
	}
	return "`" + string(id) + "`"
}

// Between replaces what is between two marks of a page.
func Between(page, begin, end, text string) (string, bool) {
	head, rest, found := strings.Cut(page, begin)
	_, tail, ended := strings.Cut(rest, end)
	return head + begin + text + end + tail, found && ended
}
