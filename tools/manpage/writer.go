package manpage

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// writer writes the macros of man(7).
type writer struct{ strings.Builder }

func (w *writer) line(text string) { w.WriteString(text + "\n") }

// request writes a macro with its arguments, each of them in quotes.
func (w *writer) request(name string, arguments ...string) {
	w.WriteString("." + name)
	for _, a := range arguments {
		w.WriteString(` "` + escape(a) + `"`)
	}
	w.WriteByte('\n')
}

func (w *writer) section(name string) { w.request("SH", name) }

func (w *writer) synopsis(cmd *cobra.Command) {
	name, rest, _ := strings.Cut(cmd.UseLine(), cmd.CommandPath())
	w.line(strings.TrimRight(fmt.Sprintf(`\fB%s\fR%s`, escape(name+cmd.CommandPath()), escape(rest)), " "))
}

// item writes an entry of a list. The name has its fonts already.
func (w *writer) item(name, text string) {
	w.request("TP")
	w.line(name)
	w.line(escape(text))
}

// text writes what a command says of itself. Lines that are indented stay as they are.
func (w *writer) text(text string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			w.request("PP")
		}
		if strings.HasPrefix(paragraph, " ") {
			w.literal(unindent(paragraph))
			continue
		}
		for line := range strings.Lines(paragraph) {
			w.line(escape(strings.TrimSuffix(line, "\n")))
		}
	}
}

// literal writes lines as they are.
func (w *writer) literal(text string) {
	w.request("RS", "4")
	w.request("nf")
	for line := range strings.Lines(text) {
		w.line(escape(strings.TrimSuffix(line, "\n")))
	}
	w.request("fi")
	w.request("RE")
}

// seeAlso names the pages of the parent and of the commands beside and below.
func (w *writer) seeAlso(cmd *cobra.Command) {
	var names []string
	around := subcommands(cmd.Root())
	if cmd.HasParent() {
		around = append([]*cobra.Command{cmd.Root()}, around...)
	}
	for _, other := range around {
		if other != cmd {
			names = append(names, `\fB`+escape(title(other))+`\fR(1)`)
		}
	}
	if len(names) > 0 {
		w.section("SEE ALSO")
		w.line(strings.Join(names, ",\n"))
	}
}

// escape makes text that troff shows as it is: a hyphen can be copied as one, no line
// begins a request, and all is ASCII.
func escape(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\"", `\(dq`, "\t", "    ").Replace(text)
	text = notASCII.ReplaceAllStringFunc(text, func(char string) string { return fmt.Sprintf(`\[u%04X]`, []rune(char)[0]) })
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}

var notASCII = regexp.MustCompile(`[^\x00-\x7f]`)

// unindent removes the two columns that help texts are indented by.
func unindent(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}
