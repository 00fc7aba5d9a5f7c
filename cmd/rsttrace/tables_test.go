package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// numbering is an output format of a test: the numbers of events.
type numbering struct {
	event.NopSink
	w io.Writer
}

func (n numbering) Event(e *event.Event) error {
	_, err := fmt.Fprintln(n.w, "number", e.ID)
	return err
}

// output runs a command line in this process.
func output(args ...string) (code int, stdout, stderr string) {
	var out, problems strings.Builder
	code = run(args, &out, &problems)
	return code, out.String(), problems.String()
}

// TestNewFormat: a row of the table is all that a new output format needs.
func TestNewFormat(t *testing.T) {
	before := formats
	defer func() { formats = before }()
	formats = slices.Concat(before, []format{{
		name: "numbers", help: "only numbers",
		open: func(_ *outputFlags, w io.Writer) event.Sink { return numbering{w: w} },
	}})
	recording := "../../pkg/event/testdata/resets.jsonl"
	if code, out, stderr := output("read", recording, "-o", "numbers"); code != exitFine || out != "number 1\nnumber 2\nnumber 3\nnumber 4\n" {
		t.Errorf("exit code %d, %s%s", code, out, stderr)
	}
	for _, command := range []string{"", "read", "lab"} {
		if _, out, _ := output(strings.Fields(command + " --help")...); !strings.Contains(out, "numbers (only numbers)") {
			t.Errorf("the help of %q does not have it", command)
		}
		if _, out, _ := output(strings.Fields("__complete " + command + " -o num")...); !strings.Contains(out, "numbers\n") {
			t.Errorf("%q -o is not completed: %s", command, out)
		}
		args := strings.Fields(command + " -o nonsense")
		if command == "read" {
			args = append(args, recording)
		}
		if _, _, stderr := output(args...); !strings.Contains(stderr, ", numbers") {
			t.Errorf("the error of %q does not list it: %s", command, stderr)
		}
	}
}

// sized is an input format of a test: one event whose number is its size.
type sized struct{ size uint64 }

func (s sized) Run(_ context.Context, to event.Sink) error {
	if err := to.Event(&event.Event{ID: s.size, Dir: event.Sent, Cause: cause.ClosedPort}); err != nil {
		return err
	}
	return to.Flush(time.Time{})
}

// TestNewInput: a row of the table is all that a new input format needs, and files
// of several formats can be read at once.
func TestNewInput(t *testing.T) {
	before := inputFormats
	defer func() { inputFormats = before }()
	magic := []byte("SIZE")
	inputFormats = append([]inputFormat{{
		recognise: func(head []byte) bool { return bytes.HasPrefix(head, magic) },
		open: func(_ string, input io.Reader, _ inputOptions) event.Source {
			content, _ := io.ReadAll(input)
			return sized{uint64(len(content))}
		},
	}}, before...)
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, append(magic, make([]byte, 100)...), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, stderr := output("read", "../../pkg/event/testdata/resets.jsonl", path, "-o", "json")
	if code != exitFine || strings.Count(out, `"kind":"event"`) != 5 || !strings.Contains(out, `"id":104,`) {
		t.Errorf("exit code %d, %s%s", code, out, stderr)
	}
}

// TestNewSubcommand: its name is offered and listed.
func TestNewSubcommand(t *testing.T) {
	before := subcommands
	defer func() { subcommands = before }()
	subcommands = append(slices.Clone(before), func() *cobra.Command {
		return &cobra.Command{Use: "weigh", Short: "A command of a test", RunE: func(*cobra.Command, []string) error { return nil }}
	})
	for args, want := range map[string]string{
		"--help": "weigh ", "help nonsense": ", weigh", "wiegh": "did you mean weigh?", "__complete help wei": "weigh\n", "__complete wei": "weigh\t",
	} {
		if _, out, stderr := output(strings.Fields(args)...); !strings.Contains(out+stderr, want) {
			t.Errorf("%s: no %q in %s%s", args, want, out, stderr)
		}
	}
}

// TestSubcommandsAreFiles: the command NAME is made in NAME.go.
func TestSubcommandsAreFiles(t *testing.T) {
	for _, newCommand := range subcommands {
		name := newCommand().Name()
		source, err := os.ReadFile(name + ".go")
		if err != nil {
			t.Error(err)
			continue
		}
		if want := "func new" + strings.ToUpper(name[:1]) + name[1:] + "() *cobra.Command {"; !bytes.Contains(source, []byte(want)) {
			t.Errorf("%s.go has no %q", name, want)
		}
	}
}
