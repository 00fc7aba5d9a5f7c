package metrics

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

var update = flag.Bool("update", false, "write the golden files")

// machine is a kernel of a test, and a clock that moves when it is told to.
type machine struct {
	counts event.Totals
	time   time.Time
}

func (m *machine) Counts() event.Totals { return m.counts }
func (m *machine) Limits() []string     { return []string{"no-reject"} }
func (m *machine) now() time.Time       { return m.time }

func (m *machine) Hooks() []Hook {
	return []Hook{
		{Name: "tcp_reset", Method: event.Tracepoint, Needed: true},
		{Name: "tcp_v4_send_reset", Needed: true},
		{Name: "skb:kfree_skb", Method: event.Tracepoint},
		{Name: "nf_send_reset"},
	}
}

func newMachine() *machine { return &machine{time: fixture.Start} }

// newSink returns a sink on a machine, and what scrapes it. It is registered where every
// inconsistency is an error.
func newSink(t testing.TB, m *machine, o Options) (*Sink, func() map[string]*dto.MetricFamily) {
	t.Helper()
	o.Kernel, o.Now = m, m.now
	s := New(o)
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(s); err != nil {
		t.Fatal(err)
	}
	return s, func() map[string]*dto.MetricFamily {
		t.Helper()
		gathered, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		byName := make(map[string]*dto.MetricFamily)
		for _, f := range gathered {
			byName[f.GetName()] = f
		}
		return byName
	}
}

// give gives everything that a run has to a sink.
func give(t testing.TB, s event.Sink, events ...*event.Event) {
	t.Helper()
	for _, e := range events {
		if err := s.Event(e); err != nil {
			t.Fatal(err)
		}
	}
}

func text(t testing.TB, families map[string]*dto.MetricFamily, format expfmt.Format) string {
	t.Helper()
	var out bytes.Buffer
	encoder := expfmt.NewEncoder(&out, format)
	for _, name := range sorted(families) {
		if err := encoder.Encode(families[name]); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func sorted(families map[string]*dto.MetricFamily) []string {
	var names []string
	for name := range families {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// value is that of a series, and whether it is there.
func value(families map[string]*dto.MetricFamily, name string, labels ...string) (float64, bool) {
	for _, m := range families[name].GetMetric() {
		var got []string
		for _, pair := range m.GetLabel() {
			got = append(got, pair.GetName()+"="+pair.GetValue())
		}
		slices.Sort(labels)
		if slices.Equal(got, labels) {
			return m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetHistogram().GetSampleSum(), true
		}
	}
	return 0, false
}

func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is not what is scraped; if that is right, run the test with -update (-want +got):\n%s", path, diff)
	}
}

// TestGolden: the events of all sinks, in both formats of text.
func TestGolden(t *testing.T) {
	m := newMachine()
	m.counts = *fixture.Totals()
	s, scrape := newSink(t, m, Options{})
	stage := finding.New(s)
	give(t, stage, fixture.Events()...)
	if err := stage.Flush(m.time.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for _, f := range fixture.Followups() {
		if err := s.Followup(f); err != nil {
			t.Fatal(err)
		}
	}
	first, second := scrape(), scrape()
	for _, families := range []map[string]*dto.MetricFamily{first, second} {
		dropZeros(families[findings.Name]) // one for each pattern that there is
	}
	checkGolden(t, "begin.prom", text(t, first, expfmt.NewFormat(expfmt.TypeTextPlain)))
	checkGolden(t, "events.prom", text(t, second, expfmt.NewFormat(expfmt.TypeTextPlain)))
	open, err := expfmt.NewOpenMetricsFormat(expfmt.OpenMetricsVersion_1_0_0)
	if err != nil {
		t.Fatal(err)
	}
	out := observedAt.ReplaceAllString(text(t, second, open), "$1 TIME")
	checkGolden(t, "events.openmetrics", exemplarLabels.ReplaceAllString(out, "{$2,$1}"))
}

func dropZeros(f *dto.MetricFamily) {
	f.Metric = slices.DeleteFunc(f.Metric, func(m *dto.Metric) bool { return m.GetCounter().GetValue() == 0 })
}

// exemplarLabels are those of an exemplar in the other order: the library writes them in any.
var exemplarLabels = regexp.MustCompile(`\{(community_id="[^"]*"),(event_id="[0-9]+")\}`)

// observedAt is the time of an exemplar in a histogram: the library takes it from its own
// clock.
var observedAt = regexp.MustCompile(`(?m)(_bucket.*) [0-9.e+]+$`)

// TestLint: promlint has nothing to say, and every metric of the table is there.
func TestLint(t *testing.T) {
	m := newMachine()
	s, scrape := newSink(t, m, Options{})
	give(t, s, fixture.Events()...)
	if err := s.Audit(&event.Audit{Counters: []event.AuditCounter{{Name: "TcpOutRsts", Kernel: 7, Counted: 7, OK: true}}}); err != nil {
		t.Fatal(err)
	}
	families := scrape()
	problems, err := promlint.New(strings.NewReader(text(t, families, expfmt.NewFormat(expfmt.TypeTextPlain)))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	for _, f := range Families() {
		got, there := families[f.Name]
		if !there {
			t.Errorf("%s is in no scrape", f.Name)
			continue
		}
		if want := strings.ToUpper(f.Type); got.GetType().String() != want {
			t.Errorf("%s is a %s, want %s", f.Name, got.GetType(), want)
		}
		for _, m := range got.GetMetric() {
			var labels []string
			for _, pair := range m.GetLabel() {
				labels = append(labels, pair.GetName())
			}
			want := slices.Clone(f.Labels)
			slices.Sort(want)
			if !slices.Equal(labels, want) {
				t.Errorf("%s has the labels %v, want %v", f.Name, labels, want)
			}
		}
	}
	if len(families) != len(Families()) {
		t.Errorf("%d metrics are scraped, and the table has %d: %s", len(families), len(Families()), sorted(families))
	}
}
