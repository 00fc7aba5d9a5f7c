package serve

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/rsttrace/rsttrace/internal/sink/metrics"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// DefaultStreams is how many clients may read /events and /findings at once.
const DefaultStreams = 16

// Options for New.
type Options struct {
	Tracer     Tracer
	Version    string
	Host       event.Host        // this machine
	Filter     *filter.Filter    // of all events but the exact counts; nil: everything
	Vocabulary filter.Vocabulary // of filters in requests
	Owners     int               // as in metrics.Options
	Dirs       []event.Dir       // that are watched
	Streams    int               // clients of streams at once
	Lifecycle  bool              // POST /-/reload is allowed
	// Reload reads the configuration again, and calls Replace.
	Reload func() error
	// Report is called with lines for people, from any goroutine; nil: nobody reads them.
	Report func(line string)
	Now    func() time.Time // nil: time.Now
}

// Server answers requests beside a tracer, and writes its events to outputs.
type Server struct {
	now        func() time.Time
	version    string
	host       event.Host
	vocabulary filter.Vocabulary
	streamsMax int
	lifecycle  bool

	counts  *counts
	pulse   *pulse // the first stage behind the tracer
	gate    *gate
	metrics *metrics.Sink
	streams *streams
	outputs *outputs
	reloads *reloads
	manager *manager

	registry *prometheus.Registry
}

// New returns a server that knows a tracer.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Report == nil {
		o.Report = func(string) {}
	}
	s := &Server{
		now: o.Now, version: o.Version, host: o.Host, vocabulary: o.Vocabulary, streamsMax: o.Streams, lifecycle: o.Lifecycle,
		counts: &counts{Tracer: o.Tracer, now: o.Now}, streams: &streams{}, outputs: &outputs{report: o.Report},
		manager: newManager(), registry: prometheus.NewRegistry(),
	}
	s.metrics = metrics.New(metrics.Options{Owners: o.Owners, Dirs: o.Dirs, Kernel: s.counts, Now: o.Now})
	s.gate = newGate(o.Filter, finding.New(event.Tee(s.metrics, s.streams, s.outputs)))
	s.pulse = &pulse{Sink: s.gate, start: time.Now()}
	s.reloads = &reloads{reload: o.Reload, now: o.Now, good: o.Now(), fine: true, before: s.manager.reloading, after: s.manager.ready}
	s.registry.MustRegister(
		s.metrics, ownMetrics{s},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return s
}

// Sink takes what the tracer gives. It never makes the tracer wait.
func (s *Server) Sink() event.Sink { return s.pulse }

// Replace has other events shown, and written to other outputs: see Output. If an output
// cannot be opened, nothing changes.
func (s *Server) Replace(f *filter.Filter, specs []string, open func(spec string) (Output, error)) error {
	if err := s.outputs.replace(specs, open); err != nil {
		return err
	}
	s.gate.replace(f)
	return nil
}

// readInterval is how often the counts are read though nobody asks.
const readInterval = 10 * time.Second

// Run looks after what has to be done regularly, until ctx ends. Then it keeps the last
// counts: after Run the tracer is not asked any more.
func (s *Server) Run(ctx context.Context) {
	go s.manager.watch(ctx, s.alive)
	s.manager.ready()
	defer s.manager.stopping()
	tick := time.NewTicker(readInterval)
	defer tick.Stop()
	defer s.counts.end()
	for {
		s.manager.status(statusOf(s.counts.Counts()))
		if listening, err := s.counts.Listening(); err == nil {
			s.metrics.Listening(listening)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Close writes what waits in the outputs. The stream of the tracer has ended.
func (s *Server) Close() error { return s.outputs.close() }
