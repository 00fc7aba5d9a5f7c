package peers

import (
	"net/url"
	"testing"
	"time"
)

// TestNativeHistogramsAndExemplars: a Prometheus that asks for both gets them. A time has
// its exact bucket then, and a chart leads to an event.
func TestNativeHistogramsAndExemplars(t *testing.T) {
	need(t, "prometheus")
	w := &world{began: time.Now(), serve: startServe(t)}
	w.prometheus = startPrometheus(t, prometheusOptions{
		targets: map[string]string{"rsttrace": w.serve.at},
		flags:   []string{"--enable-feature=native-histograms,exemplar-storage"},
	})
	w.prometheus.awaitScrape("rsttrace", w.began)
	w.play(t, "incident-idle-limit") // three connections end after 1.5 s without data
	const (
		silences = `rsttrace_idle_before_reset_seconds{cause="peer-aborted"}`
		limit    = "histogram_fraction(1.4, 60, " + silences + ") * histogram_count(" + silences + ")"
		// histogram_fraction divides, and buckets are a tenth wide.
		nearly = 2.9
	)
	await(t, "the silences are there", func() bool {
		n, _ := w.prometheus.value(limit)
		return n > nearly
	})
	var found []struct {
		Exemplars []struct {
			Labels map[string]string `json:"labels"`
		} `json:"exemplars"`
	}
	query := url.Values{"query": {`rsttrace_resets_total{cause="linger-zero"}`}, "start": {seconds(w.began)}, "end": {seconds(time.Now())}}
	must(t, w.prometheus.get("/api/v1/query_exemplars?"+query.Encode(), &found))
	if len(found) != 1 || len(found[0].Exemplars) == 0 {
		t.Fatalf("exemplars of linger-zero: %+v", found)
	}
	for _, x := range found[0].Exemplars {
		if x.Labels["event_id"] == "" || x.Labels["community_id"] == "" {
			t.Errorf("an exemplar has the labels %v", x.Labels)
		}
	}
}
