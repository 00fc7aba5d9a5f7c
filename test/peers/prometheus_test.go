package peers

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// address finds where a server of the Prometheus family says that it listens.
var address = regexp.MustCompile(`msg="Listening on" address=(127\.0\.0\.1:[0-9]+)`)

// anyPort is where a server is to listen: awaitAddress knows which port it has taken.
const anyPort = "--web.listen-address=127.0.0.1:0"

func (p *program) awaitAddress() (at string) {
	p.t.Helper()
	p.await("listens", func() bool {
		m := address.FindStringSubmatch(p.output.String())
		if m != nil {
			at = m[1]
		}
		return m != nil
	})
	return at
}

// prometheus is a running server. It scrapes each second.
type prometheus struct {
	*program
	at string
}

// prometheusOptions are what a server is to do.
type prometheusOptions struct {
	targets      map[string]string // to scrape, by the names of their jobs
	rules        string            // their file; "": none
	alertmanager string            // gets the alerts; "": nobody does
	flags        []string
}

// config is that of the server. JSON is YAML, too.
func (o *prometheusOptions) config() ([]byte, error) {
	static := func(target string) []any {
		return []any{map[string]any{"targets": []string{target}}}
	}
	config := map[string]any{
		"global": map[string]any{"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
	}
	if o.rules != "" {
		config["rule_files"] = []string{o.rules}
	}
	if o.alertmanager != "" {
		config["alerting"] = map[string]any{"alertmanagers": []any{map[string]any{"static_configs": static(o.alertmanager)}}}
	}
	var scrapes []any
	for job, target := range o.targets {
		scrapes = append(scrapes, map[string]any{"job_name": job, "static_configs": static(target)})
	}
	config["scrape_configs"] = scrapes
	return json.Marshal(config)
}

// startPrometheus returns when the server answers.
func startPrometheus(t *testing.T, o prometheusOptions) *prometheus {
	t.Helper()
	folder := t.TempDir()
	text, err := o.config()
	must(t, err)
	path := filepath.Join(folder, "prometheus.yml")
	must(t, os.WriteFile(path, text, 0o644))
	// The owners of an alert are known one scrape after it fires: they are in what is sent again.
	flags := []string{"--config.file=" + path, "--storage.tsdb.path=" + filepath.Join(folder, "data"), "--rules.alert.resend-delay=1s", anyPort}
	p := start(t, "prometheus", append(flags, o.flags...)...)
	at := p.awaitAddress()
	p.await("is ready", func() bool {
		status, _, err := fetch(t.Context(), "http://"+at+"/-/ready")
		return err == nil && strings.HasPrefix(status, "200")
	})
	return &prometheus{p, at}
}

// sample is one element of an answer.
type sample struct {
	labels map[string]string
	value  float64
}

// query asks for values as they are now.
func (p *prometheus) query(promql string) []sample {
	p.t.Helper()
	samples, err := p.tryQuery("query", url.Values{"query": {promql}})
	if err != nil {
		p.t.Fatalf("%s: %v", promql, err)
	}
	return samples
}

// value is that of a query with one element; false: there is none yet.
func (p *prometheus) value(promql string) (float64, bool) {
	p.t.Helper()
	samples := p.query(promql)
	switch len(samples) {
	case 0:
		return 0, false
	case 1:
		return samples[0].value, true
	}
	p.t.Fatalf("%s has %d elements", promql, len(samples))
	return 0, false
}

// overTime asks for values from a time to now, and returns the last of each series.
func (p *prometheus) overTime(promql string, from time.Time) ([]sample, error) {
	return p.tryQuery("query_range", url.Values{
		"query": {promql}, "step": {"1"},
		"start": {seconds(from)}, "end": {seconds(time.Now())},
	})
}

func seconds(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }

// tryQuery returns the error that the server has for a query.
func (p *prometheus) tryQuery(kind string, parameters url.Values) ([]sample, error) {
	var answer struct {
		Result []struct {
			Metric map[string]string `json:"metric"`
			Value  point             `json:"value"`
			Values []point           `json:"values"`
		} `json:"result"`
	}
	if err := p.get("/api/v1/"+kind+"?"+parameters.Encode(), &answer); err != nil {
		return nil, err
	}
	var samples []sample
	for _, r := range answer.Result {
		if n := len(r.Values); n > 0 {
			r.Value = r.Values[n-1]
		}
		samples = append(samples, sample{r.Metric, float64(r.Value)})
	}
	return samples, nil
}

// point is [time, "value"].
type point float64

func (x *point) UnmarshalJSON(text []byte) error {
	var pair []any
	if err := json.Unmarshal(text, &pair); err != nil {
		return err
	}
	if len(pair) != 2 {
		return fmt.Errorf("a point is %s", text)
	}
	value, err := strconv.ParseFloat(fmt.Sprint(pair[1]), 64)
	*x = point(value)
	return err
}

// get reads the data of an answer.
func (p *prometheus) get(path string, data any) error {
	status, text, err := fetch(p.t.Context(), "http://"+p.at+path)
	if err != nil {
		return err
	}
	var answer struct {
		Status string          `json:"status"`
		Error  string          `json:"error"`
		Data   json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return fmt.Errorf("%s: %s", status, text)
	}
	if answer.Status != "success" {
		return fmt.Errorf("%s", answer.Error)
	}
	return json.Unmarshal(answer.Data, data)
}

func fetch(ctx context.Context, address string) (status string, text []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", nil, err
	}
	defer response.Body.Close()
	text, err = io.ReadAll(response.Body)
	return response.Status, text, err
}

// awaitScrape returns once Prometheus has what a job had to say after a moment.
func (p *prometheus) awaitScrape(job string, after time.Time) {
	p.t.Helper()
	up := fmt.Sprintf("up{job=%q}", job)
	p.await("scrapes "+job, func() bool {
		at, there := p.value("timestamp(" + up + ")")
		value, _ := p.value(up)
		return there && value == 1 && at*1000 > float64(after.UnixMilli())
	})
}
