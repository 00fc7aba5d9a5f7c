package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rsttrace/rsttrace/internal/roottest"
)

// eachCommand calls a function with every command that help shows.
func eachCommand(use func(*cobra.Command)) { eachOf(newRoot(), use) }

func eachOf(root *cobra.Command, use func(*cobra.Command)) {
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		use(cmd)
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				walk(sub)
			}
		}
	}
	walk(root)
}

// TestExamples runs every example of every help text, in a shell. Where one would trace,
// it runs as a user who may not: it ends where all of its command line was found right,
// and its first step fails.
func TestExamples(t *testing.T) {
	kitchen := newKitchen(t)
	count := 0
	eachCommand(func(cmd *cobra.Command) {
		for line := range strings.Lines(cmd.Example) {
			line = strings.TrimSpace(line)
			if line == "" {
				continue
			}
			count++
			t.Run(line, func(t *testing.T) {
				if !strings.HasPrefix(line, cmd.Root().Name()) && !strings.Contains(line, "rsttrace") {
					t.Error("this is no example of rsttrace")
				}
				kitchen.run(t, shellOf(cmd), line)
			})
		}
	})
	const least = 30
	if count < least {
		t.Errorf("only %d examples were found", count)
	}
}

// TestReadmeExamples does the same with the commands of the README.
func TestReadmeExamples(t *testing.T) {
	page, err := os.ReadFile("../../README.md")
	must(t, err)
	kitchen := newKitchen(t)
	count := 0
	for _, block := range regexp.MustCompile("(?ms)^```$(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		for line := range strings.Lines(block[1]) {
			line = strings.TrimPrefix(strings.TrimSpace(line), "$ ")
			if !strings.HasPrefix(line, "rsttrace ") && !strings.HasPrefix(line, "sudo rsttrace ") {
				continue
			}
			count++
			t.Run(line, func(t *testing.T) { kitchen.run(t, "bash", line) })
		}
	}
	const least = 15
	if count < least {
		t.Errorf("only %d examples were found", count)
	}
}

// kitchen has what examples need: programs, and files of the names that examples use.
type kitchen struct {
	bin   string
	files map[string][]byte
}

func newKitchen(t *testing.T) *kitchen {
	t.Helper()
	k := &kitchen{bin: openFolder(t)}
	must(t, os.Link(executable(t), filepath.Join(k.bin, "itself")))
	for name, script := range map[string]string{
		"rsttrace": "exec env " + commandVariable + "=1 " + k.bin + `/itself "$@"`,
		"sudo":     `exec "$@"`,
		"ssh":      `shift; "$@"; cat resets.jsonl`, // the other machine says what this one would not
	} {
		must(t, os.WriteFile(filepath.Join(k.bin, name), []byte("#!/bin/bash\n"+script+"\n"), 0o755))
	}
	path, lines := recorded(t)
	plain := []byte(strings.Join(lines, "") + "\n")
	recording := filepath.Join(t.TempDir(), "resets.pcapng")
	if p := command(t, "read", path, "-w", recording); p.finish(t) != exitFine {
		t.Fatalf("no recording: %s", &p.stderr)
	}
	pcapng, err := os.ReadFile(recording)
	must(t, err)
	capture := labCapture(t, "linger-zero")
	k.files = map[string][]byte{
		"resets.jsonl": plain, "resets.jsonl.gz": gzipped(t, plain), "resets.jsonl.zst": zstandard(t, plain),
		"resets.pcapng": pcapng, "incident.pcapng": pcapng, "trace.pcap": capture, "trace.pcap.gz": gzipped(t, capture),
		"web-1.pcapng": pcapng, "web-2.pcapng": pcapng, "db-1.jsonl.zst": zstandard(t, plain), "recordings/web-1.pcapng": pcapng,
		"rsttrace.yml": []byte("filter: sent\n"), "web.yml": []byte("http_server_config:\n  http2: true\n"),
	}
	return k
}

// executable is this test program, where every user can run it.
func executable(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	must(t, err)
	return path
}

func gzipped(t *testing.T, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(plain)
	must(t, errors.Join(err, w.Close()))
	return out.Bytes()
}

func zstandard(t *testing.T, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out)
	must(t, err)
	_, err = w.Write(plain)
	must(t, errors.Join(err, w.Close()))
	return out.Bytes()
}

// What an example says on stderr that could not trace: everything before was right.
var (
	mayNotTrace = regexp.MustCompile(`^rsttrace: not permitted: .*CAP_BPF.*\n$`)
	noTerminal  = regexp.MustCompile(`^rsttrace: top: the standard output is no terminal.*\n$`)
)

// shellOf is the shell that the examples of a command are for.
func shellOf(cmd *cobra.Command) string {
	if cmd.HasParent() && cmd.Parent().Name() == "completion" {
		return cmd.Name()
	}
	return "bash"
}

// systemFolder is one where an example writes as root.
var systemFolder = regexp.MustCompile(`>(/[\w.-]+)+/|/etc/rsttrace/`)

// run gives an example a folder with its files, except those that it writes.
func (k *kitchen) run(t *testing.T, shell, line string) {
	t.Helper()
	for _, program := range []string{shell, "jq"} {
		if _, err := exec.LookPath(program); err != nil && (program == shell || strings.Contains(line, "| "+program)) {
			t.Skipf("needs %s", program)
		}
	}
	folder := openFolder(t)
	for name, content := range k.files {
		if !regexp.MustCompile(`(-w|-o|--write|--output|>) ?` + regexp.QuoteMeta(name) + `\b`).MatchString(line) {
			must(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o755))
			must(t, os.WriteFile(filepath.Join(folder, name), content, 0o644))
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	line = systemFolder.ReplaceAllStringFunc(line, func(part string) string {
		return strings.Repeat(">", strings.Count(part, ">")) + folder + "/"
	})
	played := exec.CommandContext(ctx, shell, "-c", line)
	played.Dir = folder
	played.Env = append(os.Environ(), "PATH="+k.bin+":"+os.Getenv("PATH"), "HOME="+folder)
	played.SysProcAttr = roottest.Unprivileged()
	var stdout, stderr bytes.Buffer
	played.Stdout, played.Stderr = &stdout, &stderr
	err := played.Run()
	switch said := stderr.String(); {
	case mayNotTrace.MatchString(said), noTerminal.MatchString(said):
	case err != nil:
		t.Errorf("%v: %s", err, said)
	default:
		written := regexp.MustCompile(`(?:-w |-o |>)(\S+)`).FindStringSubmatch(line)
		if written != nil && written[1] != "json" {
			_, err = os.Stat(filepath.Join(folder, filepath.Base(written[1])))
		}
		if err != nil || written == nil && !strings.Contains(line, "source") && stdout.Len()+stderr.Len() == 0 {
			t.Errorf("it wrote nothing: %v", err)
		}
	}
}

// TestFlagExamples: values that the help of a flag gives as examples are right.
func TestFlagExamples(t *testing.T) {
	count := 0
	eachCommand(func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			if flag.Value.Type() == "bool" {
				return
			}
			for _, value := range valuesIn(flag.Usage) {
				count++
				if err := flag.Value.Set(value); err != nil {
					t.Errorf("%s --%s %s: %v", cmd.Name(), flag.Name, value, err)
				}
			}
		})
	})
	const least = 60
	if count < least {
		t.Errorf("only %d values were found", count)
	}
}

var (
	quotedValue = regexp.MustCompile(`'([^']+)'`)
	afterColon  = regexp.MustCompile(`: ([^;(]+)`)
	oneValue    = regexp.MustCompile(`^[\w.:/-]+(,[\w.:/-]+)*$`)
)

// valuesIn finds examples: what is quoted, or else what follows the colon.
func valuesIn(usage string) (values []string) {
	for _, quoted := range quotedValue.FindAllStringSubmatch(usage, -1) {
		values = append(values, quoted[1])
	}
	after := afterColon.FindStringSubmatch(usage)
	if len(values) > 0 || after == nil {
		return values
	}
	for _, value := range regexp.MustCompile(`, | or `).Split(strings.TrimSpace(after[1]), -1) {
		if oneValue.MatchString(value) { // words are an explanation
			values = append(values, value)
		}
	}
	return values
}

func TestValuesIn(t *testing.T) {
	for usage, want := range map[string]string{
		"stop after this time: 30s, 5m":                         "30s|5m",
		"size, a power of two: 64K to 1G (default 4M)":          "",
		"force one method: fentry, kprobe or tracepoint (best)": "fentry|kprobe|tracepoint",
		"addresses: 10.0.0.5, 2001:db8::/32; without it, none":  "10.0.0.5|2001:db8::/32",
		"as in 'type: file, path: /x'; many: stdout (it)":       "type: file, path: /x",
		"do not watch: you lose RSTs, and more":                 "",
	} {
		if got := strings.Join(valuesIn(usage), "|"); got != want {
			t.Errorf("%s: %q, want %q", usage, got, want)
		}
	}
}
