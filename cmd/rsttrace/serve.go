package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// serveCommand is the serve command, with what its command line says.
type serveCommand struct {
	config pathFlag
	check  bool
	line   *commandLine
	args   []string // the filter
}

func newServe() *cobra.Command {
	cmd, _ := newServeCommand()
	return cmd
}

func newServeCommand() (*cobra.Command, *serveCommand) {
	s := &serveCommand{config: pathFlag{kind: "file"}}
	cmd := &cobra.Command{
		Use:   "serve [FILTER]",
		Short: "Run as a daemon: metrics for Prometheus, logs, live streams",
		Long: `serve traces until it is interrupted. It has numbers for Prometheus at /metrics,
and writes resets and findings to log sinks. It listens on ` + defaultAddress + ` only.
--web.listen-address opens it to others, and --web.config.file gives it TLS and
passwords. Both flags are those of Prometheus exporters.

  /metrics    exact counts by direction and cause, and much more
  /healthz    does the tracer run?        /readyz    does it see resets?
  /events     resets as JSON lines, live  /findings  incidents, the same way
              A filter chooses: /events?filter=sent+and+port+443

Every flag can be in a file in YAML (--config). Flags on the command line win. With
--check serve only says whether file and flags are right. SIGHUP reads the file
again: the filter and the sinks change, and everything else needs a restart. If the
file is wrong then, the old settings stay.

The filter chooses what sinks, streams, and all metrics except the exact counts get.`,
		Example: `  rsttrace serve
  rsttrace serve --config /etc/rsttrace/rsttrace.yml
  rsttrace serve --config rsttrace.yml --check
  rsttrace serve --sink 'type: file, path: /var/log/rsttrace/resets.jsonl' 'not cause linger-zero'
  rsttrace serve --web.listen-address :10793 --web.config.file web.yml`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeFilter,
		RunE: func(cmd *cobra.Command, args []string) error {
			s.args = args
			settings, err := s.load()
			if err != nil {
				return err
			}
			if s.check {
				return s.sayChecked(cmd)
			}
			return newDaemon(s, settings, cmd).run(cmd.Context())
		},
	}
	var all serveFlags // their values are read from s.line
	all.register(cmd)
	s.line = watchLine(cmd.Flags())
	cmd.Flags().Var(&s.config, "config", "read settings from this YAML file")
	cmd.Flags().BoolVar(&s.check, "check", false, "only say whether the settings are right, and end")
	return cmd, s
}

func (s *serveCommand) sayChecked(cmd *cobra.Command) error {
	what := "the command line"
	if s.config.path != "" {
		what = s.config.path
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "rsttrace: %s is right\n", what)
	return err
}
