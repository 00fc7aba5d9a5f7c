package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rsttrace/rsttrace/internal/serve"
	"github.com/rsttrace/rsttrace/internal/sink/metrics"
	"github.com/rsttrace/rsttrace/internal/webconfig"
	"github.com/rsttrace/rsttrace/internal/yamlflags"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// defaultAddress is on this host only. Ports 9100 to 9999 of the list of exporters are all
// taken, and 793 is the number of the RFC of TCP.
const defaultAddress = "localhost:10793"

// serveFlags are the settings of the serve command: each is a flag, and a key of the file.
type serveFlags struct {
	filterFlags
	sessionFlags
	filterText string
	sinks      sinksFlag
	owners     int

	addresses   addressesFlag
	webConfig   pathFlag
	lifecycle   bool
	streams     int
	pprofSocket pathFlag
}

// sinksKey is the key of --sink in the file.
const sinksKey = "sinks"

// commandLineOnly are the flags that are no settings.
var commandLineOnly = []string{"config", "check", "help"}

func (f *serveFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.filterFlags.register(cmd)
	f.dirs.values = []string{"all"}
	flags.Lookup("direction").DefValue = f.dirs.String()
	f.sessionFlags.register(cmd)
	flags.StringVar(&f.filterText, "filter", "", "the filter, as in the arguments: 'sent and port 443'; rsttrace explain filter lists the fields")
	flags.Var(&f.sinks, "sink", "write events to a sink, as in 'type: file, path: /var/log/rsttrace/resets.jsonl'; can be given several times: "+sinkHelp())
	yamlflags.SetKey(flags.Lookup("sink"), sinksKey)
	flags.IntVar(&f.owners, "metrics.owners", metrics.DefaultOwners, "number of series by owner: further owners are counted as other")

	f.addresses.values = []string{defaultAddress}
	f.webConfig.kind, f.pprofSocket.kind = "file", "file"
	flags.Var(&f.addresses, "web.listen-address", "listen here, or at :10793 for all addresses; can be given several times")
	flags.Var(&f.webConfig, "web.config.file", "TLS and passwords, in the form that all exporters of Prometheus read")
	flags.BoolVar(&f.lifecycle, "web.enable-lifecycle", false, "let POST /-/reload read the settings again")
	flags.IntVar(&f.streams, "web.max-streams", serve.DefaultStreams, "number of clients that may read /events and /findings at once; 0: nobody may")
	flags.Var(&f.pprofSocket, "web.pprof-socket", "answer with profiles of rsttrace itself on this unix socket")
}

// reloads are the settings that can change while rsttrace runs.
func reloads(name string) bool {
	switch name {
	case "filter", "filter-file", "sink":
		return true
	case "direction": // its hooks are attached at the start
		return false
	}
	return slices.ContainsFunc((&filterFlags{}).lists(), func(l listOf) bool { return l.name == name })
}

// serveSettings are the settings that hold, and what follows from them.
type serveSettings struct {
	serveFlags
	flags  *pflag.FlagSet // of serveFlags
	wanted *filter.Filter
}

// fileError is a mistake in the file of settings.
type fileError struct {
	path string
	err  error
}

// Error is one line: FILE: line 3: ...
func (e *fileError) Error() string { return e.path + ": " + errorLine(e.err) }

// errorLine is the text of an error in one line, also of a filter: the place of its mistake
// is the word that is named.
func errorLine(err error) string {
	var syntax *filter.SyntaxError
	if !errors.As(err, &syntax) {
		return oneLine(err)
	}
	first, _, _ := strings.Cut(syntax.Error(), "\n")
	return oneLine(errors.New(strings.Replace(err.Error(), syntax.Error(), first, 1)))
}

// load reads the command line and the file. If the command line is wrong without the file,
// too, the error is about that.
func (s *serveCommand) load() (*serveSettings, error) {
	if s.config.path == "" {
		return s.settle(nil)
	}
	content, err := readFilterFile(s.config.path)
	if err != nil {
		return nil, s.orOfCommandLine(fmt.Errorf("--config: %w", err))
	}
	file, err := yamlflags.Parse([]byte(content))
	if err != nil {
		return nil, s.orOfCommandLine(&fileError{s.config.path, err})
	}
	settings, err := s.settle(file)
	if err != nil {
		return nil, s.orOfCommandLine(&fileError{s.config.path, err})
	}
	return settings, nil
}

// orOfCommandLine is what is wrong with the command line, or else with the file.
func (s *serveCommand) orOfCommandLine(ofFile error) error {
	if _, err := s.settle(nil); err != nil {
		return err
	}
	return ofFile
}

// settle joins a file with the command line, and checks the result.
func (s *serveCommand) settle(file []yamlflags.Setting) (*serveSettings, error) {
	var settings serveSettings
	cmd, scratch := &cobra.Command{}, &cobra.Command{}
	settings.serveFlags.register(cmd)
	new(serveFlags).register(scratch)
	settings.flags = cmd.Flags()
	given := func(flag string) bool {
		return s.line.gave(flag) || flag == "filter" && len(s.args) > 0
	}
	if err := yamlflags.Apply(file, cmd.Flags(), scratch.Flags(), given, commandLineOnly...); err != nil {
		return nil, err
	}
	if err := s.line.repeat(cmd.Flags()); err != nil {
		return nil, usageError{err}
	}
	if err := settings.join(s.args); err != nil {
		return nil, atLine(err, file)
	}
	return &settings, nil
}

// atLine adds the line of the setting that an error is about.
func atLine(err error, file []yamlflags.Setting) error {
	for _, setting := range file {
		flag := "--" + setting.Name
		if setting.Name == sinksKey {
			flag = "--sink"
		}
		rest, about := strings.CutPrefix(err.Error(), flag)
		switch {
		case about && strings.IndexAny(rest, ": ,") == 0:
			_, rest, _ = strings.Cut(errorLine(err), flag)
			return &yamlflags.Error{Line: setting.Line, Err: errors.New(setting.Name + rest)}
		case setting.Name == "filter" && errors.As(err, new(*filter.SyntaxError)):
			return &yamlflags.Error{Line: setting.Line, Err: err}
		}
	}
	return err
}

// join makes the filter, and checks what no flag can check alone.
func (s *serveSettings) join(args []string) (err error) {
	if s.flags.Changed("filter") {
		if len(args) > 0 {
			return usageError{errors.New("--filter: there is a filter in the arguments, too; leave one out")}
		}
		if strings.TrimSpace(s.filterText) == "" {
			return usageError{errors.New("--filter: must not be empty")}
		}
		args = []string{s.filterText}
	}
	if s.wanted, err = s.filterFlags.filter(args, thisHost()); err != nil {
		return err
	}
	if err := s.checkSeen(s.wanted); err != nil {
		return usageError{err}
	}
	if err := s.checkValues(); err != nil {
		return usageError{err}
	}
	if s.webConfig.path != "" {
		if _, err := openWebConfig(s.webConfig.path, nil); err != nil {
			return err
		}
	}
	return s.sinks.check()
}

func (s *serveSettings) checkValues() error {
	if err := s.checkHostName(s.flags); err != nil {
		return err
	}
	switch {
	case s.owners < 1:
		return fmt.Errorf("--metrics.owners: %d: want 1 or more", s.owners)
	case s.streams < 0:
		return fmt.Errorf("--web.max-streams: %d: must not be negative", s.streams)
	case s.flags.Changed("interval") && s.interval <= 0:
		return fmt.Errorf("--interval: %s: want more than 0", s.interval)
	}
	return nil
}

// openWebConfig reads the file for TLS and passwords, and its certificates.
func openWebConfig(path string, say func(string)) (*webconfig.File, error) {
	file, err := webconfig.Open(path, say)
	if err != nil {
		return nil, fmt.Errorf("--web.config.file: %w", err)
	}
	return file, nil
}

// fixed are the settings that differ from those before and need a restart.
func (s *serveSettings) fixed(before *serveSettings) (names []string) {
	s.flags.VisitAll(func(flag *pflag.Flag) {
		if !flag.Hidden && !reloads(flag.Name) && flag.Value.String() != before.flags.Lookup(flag.Name).Value.String() {
			names = append(names, flag.Name)
		}
	})
	return names
}
