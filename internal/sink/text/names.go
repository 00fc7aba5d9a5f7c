package text

import "github.com/rsttrace/rsttrace/pkg/event"

// Names of what events are about, as the text has them, for other formats.

// ProgramName names the program of an event's owner and the container or pod where it
// runs, without its process id: "nginx in docker/web-1, netns blue". Where no process is
// known, it is the unit or the control group, or else "not known".
func ProgramName(e *event.Event) string {
	o := &e.Owner
	name, location := clean(o.Comm), ownerLocation(o)
	switch {
	case name != "" && location != "":
		name += " in " + location
	case name == "" && location != "":
		name = location
	case name == "":
		if name = unitOf(o); name == "-" {
			name = "not known"
		}
	}
	if e.Netns.Name != "" { // a number changes with each start
		if netns := netnsText(e); netns != "" {
			name += ", " + netns
		}
	}
	return name
}

// OwnerName says whose socket it was: "nginx[812] in docker/web-1", or "-".
func OwnerName(e *event.Event) string { return ownerText(e) }

// PartyName names an end of a finding, as OwnerName does.
func PartyName(o *event.Owner) string { return partyText(o) }

// NetnsName is the network namespace, if it is not that of the host: "netns blue".
func NetnsName(n *event.Netns) string { return netnsText(&event.Event{Netns: *n}) }

// CommandLine says what a process runs, if its name does not: "java is java -jar app.jar".
func CommandLine(o *event.Owner) string { return programText(o) }

// FollowupText says what happened after a reset: "4 ms later worker[99] got SIGPIPE".
func FollowupText(f *event.Followup) string {
	return (&Sink{glyph: unicodeGlyphs}).afterText(f)
}

// Explanation is a number of the totals in words, and what it means.
type Explanation struct{ Number, Meaning string }

// Account says where every counted event went, and what the events may lack.
func Account(t *event.Totals) (line string, explained []Explanation) {
	return accountLine(t), explanations(t)
}

// Cells is how many cells of a terminal a text takes.
func Cells(s string) int { return cells(s) }

// FindingName is what stands for a finding: its pattern, else its cause.
func FindingName(f *event.Finding) string { return findingName(f) }

// Errno is what the application gets from a reset: "EPIPE+SIGPIPE".
func Errno(a *event.App) string { return errnoText(*a) }
