package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/nearest"
	"github.com/rsttrace/rsttrace/internal/selftest"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// selftestFlags are the flags of the selftest command.
type selftestFlags struct {
	attach      methodFlag
	hostChanges bool
	part        partFlag
	json        pathFlag
	record      pathFlag
}

func newSelftest() *cobra.Command {
	flags := selftestFlags{json: pathFlag{kind: "file"}, record: pathFlag{kind: "folder"}}
	cmd := &cobra.Command{
		Use:   "selftest [SCENARIO...]",
		Short: "Check that rsttrace is right on this kernel",
		Long: `selftest plays all scenarios of the lab, and checks each event. It must come
exactly once at each end, with the right cause, owner and effect. The kernel's own
counters must agree, and so must a packet capture, RST by RST.

It needs no other program, changes nothing on the host, and leaves nothing behind.
It takes a few minutes.`,
		Example: `  rsttrace selftest
  rsttrace selftest --attach tracepoint half-open`,
		ValidArgsFunction: cobra.FixedCompletions(scenarioNames(), cobra.ShellCompDirectiveNoFileComp),
		RunE: func(cmd *cobra.Command, args []string) error {
			return flags.run(cmd, args)
		},
	}
	flags.attach.register(cmd)
	cmd.Flags().BoolVar(&flags.hostChanges, "allow-host-changes", false, "run also what needs a setting of the whole host or a kernel module")
	cmd.Flags().Var(&flags.part, "part", "play one part of it: with 2/3 the second play, the fifth and so on; a play is a scenario over one address family")
	complete(cmd, "part", "1/2", "2/2", "1/3", "2/3", "3/3")
	cmd.Flags().Var(&flags.json, "json", "write the results to this file as JSON")
	cmd.Flags().Var(&flags.record, "record", "if everything passes, write evidence and counters into this folder, in the form of internal/recording (with --attach, all scenarios)")
	return cmd
}

func (f *selftestFlags) run(cmd *cobra.Command, names []string) error {
	scenarios, err := findScenarios(names, lab.Scenarios())
	if err != nil {
		return err
	}
	if f.record.path != "" && (f.attach.method == "" || len(names) > 0 || f.part.Of != 0) {
		return usageError{errors.New("--record needs --attach, and all scenarios")}
	}
	options := selftest.Options{Attach: f.attach.method, Scenarios: scenarios, AllowHostChanges: f.hostChanges, Part: f.part.Part}
	if err := f.checkPaths(); err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	options.Progress = func(r selftest.Result) { printResult(out, r) }
	report, err := selftest.Run(cmd.Context(), options)
	if report != nil && cmd.Context().Err() != nil {
		err = interrupted(len(report.Results), options.Plays())
	}
	if report != nil {
		err = errors.Join(err, f.save(endingOf(cmd.Context()), report))
	}
	if err != nil {
		return err
	}
	printReport(out, report)
	if failed := report.Count(selftest.Failed); failed > 0 {
		return fmt.Errorf("%d of %d scenarios failed", failed, len(report.Results))
	}
	if err := endingOf(cmd.Context()).attempt(func() error { return f.keep(report) }); err != nil {
		return fmt.Errorf("--record: %w", err)
	}
	return nil
}

// interrupted is the error of what a signal has ended early.
func interrupted(done, of int) error { return fmt.Errorf("interrupted after %d of %d", done, of) }

// checkPaths finds out at once, and not after minutes, what cannot be written.
func (f *selftestFlags) checkPaths() error {
	if f.json.path == "" {
		return nil
	}
	if err := unix.Access(filepath.Dir(f.json.path), unix.W_OK|unix.X_OK); err != nil {
		return fmt.Errorf("--json: %s: %w", filepath.Dir(f.json.path), err)
	}
	if info, err := os.Stat(f.json.path); err == nil && info.IsDir() {
		return fmt.Errorf("--json: %s is a folder", f.json.path)
	}
	return nil
}

func (f *selftestFlags) keep(report *selftest.Report) error {
	if f.record.path == "" {
		return nil
	}
	recording, err := report.Recording(f.attach.method)
	if err != nil {
		return err
	}
	data, err := recording.Encode()
	if err == nil {
		err = os.MkdirAll(f.record.path, 0o755)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(f.record.path, recording.FileName()), data, 0o644)
}

func (f *selftestFlags) save(end *ending, report *selftest.Report) error {
	if f.json.path == "" {
		return nil
	}
	data, err := json.MarshalIndent(report.Results, "", "  ")
	if err == nil {
		err = end.attempt(func() error { return os.WriteFile(f.json.path, append(data, '\n'), 0o644) })
	}
	if err != nil {
		return fmt.Errorf("--json: %w", err)
	}
	return nil
}

func printResult(out io.Writer, r selftest.Result) {
	fmt.Fprintf(out, "%-8s %-42s %s\n", r.Status, r.Scenario, r.Family)
	for _, problem := range r.Problems {
		fmt.Fprintf(out, "         - %s\n", problem)
	}
	if r.Status == selftest.Skipped {
		fmt.Fprintf(out, "         - %s\n", r.Reason)
	}
}

func printReport(out io.Writer, report *selftest.Report) {
	fmt.Fprintln(out)
	for _, h := range report.Hooks {
		fmt.Fprintf(out, "%-28s %s\n", h.Function, orElse(string(h.Method), "not attached"))
	}
	if len(report.Limits) > 0 {
		fmt.Fprintln(out, "\nThis kernel, reached like this, cannot show:")
		for _, limit := range report.Limits {
			fmt.Fprintf(out, "  %s\n", limit.Sentence)
		}
	}
	owners := report.Owners()
	fmt.Fprintf(out, "\nowners: %d of %d named, %d wrong; events: %d, lost %d, missed %d\n",
		owners.Present, owners.Due, owners.Wrong, report.Totals.Events(), report.Totals.Lost, report.Totals.Missed)
	right := report.Count(selftest.Passed) + report.Count(selftest.Limited)
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", right, report.Count(selftest.Failed), report.Count(selftest.Skipped))
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func noScenario(name string) error {
	var known []string
	for _, s := range lab.Scenarios() {
		known = append(known, s.Name)
	}
	if near := nearest.Suggest(name, known, nil); len(near) > 0 {
		return fmt.Errorf("no scenario %q: did you mean %s?", name, strings.Join(near, " or "))
	}
	return fmt.Errorf("no scenario %q: rsttrace lab --list lists them", name)
}

// findScenarios looks up names; none means the given ones.
func findScenarios(names []string, otherwise []lab.Scenario) ([]lab.Scenario, error) {
	if len(names) == 0 {
		return otherwise, nil
	}
	var found []lab.Scenario
	for _, name := range names {
		s, ok := lab.Find(name)
		if !ok {
			return nil, usageError{noScenario(name)}
		}
		found = append(found, s)
	}
	return found, nil
}

func scenarioNames() []string {
	var names []string
	for _, s := range lab.Scenarios() {
		names = append(names, s.Name)
	}
	return names
}
