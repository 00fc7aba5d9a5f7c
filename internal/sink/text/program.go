package text

import (
	"path"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// programsMax bounds the memory. A process that was forgotten is explained again.
const programsMax = 4096

// programs are the processes of which was said what they run.
type programs map[uint32]string // command line by pid

// isNew reports whether that was not said yet, and notes that it is said now.
func (p *programs) isNew(o *event.Owner) bool {
	if known, ok := (*p)[o.PID]; ok && known == o.Cmdline {
		return false
	}
	if *p == nil || len(*p) >= programsMax {
		*p = make(programs)
	}
	(*p)[o.PID] = o.Cmdline
	return true
}

// programText says what a process runs, where its name alone does not: java, python3.
func programText(o *event.Owner) string {
	program, arguments, _ := strings.Cut(clean(o.Cmdline), " ")
	program = path.Base(strings.TrimSuffix(program, ":"))
	says := false // an argument that is no flag
	for argument := range strings.FieldsSeq(arguments) {
		says = says || !strings.HasPrefix(argument, "-")
	}
	if o.Comm == "" || o.Cmdline == "" || program == clean(o.Comm) && (!says || !interprets(program)) {
		return ""
	}
	text := processOf(o) + " is " + strings.TrimSpace(program+" "+arguments)
	if o.Parent.Comm != "" {
		text += ", started by " + processText(o.Parent.PID, o.Parent.Comm)
	}
	return text
}

// interprets reports whether a program runs others, which its name does not tell.
func interprets(program string) bool {
	for _, name := range []string{"bash", "beam.smp", "dash", "dotnet", "java", "mono", "node", "perl", "php", "python", "ruby", "sh"} {
		if strings.TrimRight(program, "0123456789.") == name || program == name {
			return true
		}
	}
	return false
}
