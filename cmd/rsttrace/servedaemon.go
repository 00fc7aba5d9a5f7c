package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/rsttrace/rsttrace/internal/serve"
	"github.com/rsttrace/rsttrace/internal/tracing"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// daemon is a serve command that runs.
type daemon struct {
	command  *serveCommand
	settings *serveSettings // of the start: what cannot change is as it was then
	stdout   io.Writer
	stderr   io.Writer
	server   *serve.Server
}

func newDaemon(command *serveCommand, settings *serveSettings, cmd *cobra.Command) *daemon {
	return &daemon{command: command, settings: settings, stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr()}
}

// say prints a line for people. Any goroutine may call it.
func (d *daemon) say(line string) { fmt.Fprintf(d.stderr, "rsttrace: %s\n", line) }

// run opens all that needs privileges, then traces until ctx ends.
func (d *daemon) run(ctx context.Context) error {
	s := d.settings
	listeners, err := s.addresses.listen()
	if err != nil {
		return err
	}
	defer closeAll(listeners)
	var profiles net.Listener
	if s.pprofSocket.path != "" {
		const usual = 512 << 10 // bytes for each sample
		runtime.MemProfileRate = usual
		if profiles, err = serve.ListenForProfiles(s.pprofSocket.path); err != nil {
			return fmt.Errorf("--web.pprof-socket: %w", err)
		}
		defer profiles.Close()
	}
	ready, err := prepareReadyFile(s.readyFile.path, s.user)
	if err != nil {
		return err
	}
	defer ready.remove()
	end := endingOf(ctx)
	end.leaveNothing(ready.remove)

	watched, err := s.watched()
	if err != nil {
		return err
	}
	t, err := s.sessionFlags.open(ctx, s.sessionFlags.options(watched, d.stderr), ready, d.stderr)
	if err != nil {
		return err
	}
	defer t.Close()
	d.open(t, watched.Selection().Dirs)
	if err := d.server.Replace(s.wanted, s.sinks.specs(), d.openSink(s)); err != nil {
		return errors.Join(err, d.server.Close())
	}
	return errors.Join(d.trace(ctx, end, t, listeners, profiles), d.server.Close())
}

// watched is the filter for the directions whose hooks are attached. All are named, so that
// those of ignored RSTs are among them.
func (s *serveSettings) watched() (*filter.Filter, error) {
	dirs := s.dirs.values
	if len(dirs) == 1 && dirs[0] == "all" {
		dirs = []string{string(event.Sent), string(event.Received), string(event.Ignored)}
	}
	return filter.FromFlag("dir", dirs, filter.Vocabulary{})
}

func (d *daemon) open(t *tracing.Tracer, dirs []event.Dir) {
	s := d.settings
	o := serve.Options{
		Tracer: served{t}, Version: versionText(), Host: s.host(), Filter: s.wanted, Vocabulary: thisHost(), Owners: s.owners, Dirs: dirs,
		Streams: s.streams, Lifecycle: s.lifecycle, Reload: d.reload, Report: d.say,
	}
	d.server = serve.New(o)
	t.WakeEvery(serve.TickEvery)
}

// openSink opens the sinks of some settings.
func (d *daemon) openSink(s *serveSettings) func(string) (serve.Output, error) {
	place := sinkPlace{stdout: d.stdout, host: d.settings.host()} // all sinks have one name
	return func(spec string) (serve.Output, error) { return s.sinks.open(spec, place) }
}

// trace runs the tracer and the servers beside it, until one of them fails or ctx ends.
func (d *daemon) trace(ctx context.Context, end *ending, t *tracing.Tracer, listeners []net.Listener, profiles net.Listener) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	askTotals, reload := t.AskTotals, d.hangup
	end.onQuit.Store(&askTotals)
	end.onHangup.Store(&reload)
	defer end.onHangup.Store(nil)
	defer end.onQuit.Store(nil) // before the tracer is closed

	var beside sync.WaitGroup
	var failed error
	beside.Go(func() { d.server.Run(ctx) })
	beside.Go(func() {
		failed = d.server.Serve(ctx, listeners, d.give())
		stop()
	})
	beside.Go(func() { stayLean(ctx) })
	if profiles != nil {
		beside.Go(func() { serve.ServeProfiles(ctx, profiles) })
	}
	for _, listener := range listeners {
		d.say("listens on " + listener.Addr().String())
	}
	err := t.Run(ctx, d.server.Sink())
	stop()
	beside.Wait()
	return errors.Join(err, failed)
}

// give serves a listener as the file for TLS and passwords says.
func (d *daemon) give() func(net.Listener, *http.Server) error {
	return func(l net.Listener, server *http.Server) error {
		err := d.serveOne(l, server)
		if err != nil && !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("%s: %w", l.Addr(), err)
		}
		return err
	}
}

func (d *daemon) serveOne(l net.Listener, server *http.Server) error {
	if d.settings.webConfig.path == "" {
		return server.Serve(l)
	}
	file, err := openWebConfig(d.settings.webConfig.path, d.say)
	if err != nil {
		return err
	}
	return file.Serve(l, server, serve.ForProbes...)
}

// hangup is what SIGHUP does. It returns at once, and reload says what became of it.
func (d *daemon) hangup() {
	go func() { _ = d.server.Reload() }()
}

// reload takes the settings of the file, except for those that cannot change. It says what
// became of it: a client of /-/reload may not be the one who has to know.
func (d *daemon) reload() error {
	settings, err := d.command.load()
	if err == nil {
		err = d.server.Replace(settings.wanted, settings.sinks.specs(), d.openSink(settings))
	}
	if err != nil {
		d.say("the settings stay as they were: " + errorLine(err))
		return err
	}
	text := "the settings were read again"
	if fixed := settings.fixed(d.settings); len(fixed) > 0 {
		text += "; restart rsttrace to change " + strings.Join(fixed, ", ")
	}
	d.say(text)
	return nil
}
