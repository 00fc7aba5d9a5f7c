package peers

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var patienceOfAlert = regexp.MustCompile(`(?m)^( *for): [0-9]+m$`)

// impatientRules writes the shipped rules with a "for" of 0, and returns the path.
func impatientRules(t *testing.T) string {
	t.Helper()
	shipped := read(t, rulesFile)
	if !patienceOfAlert.MatchString(shipped) {
		t.Fatalf("no alert of %s waits", rulesFile)
	}
	path := filepath.Join(t.TempDir(), "rules.yml")
	must(t, os.WriteFile(path, []byte(patienceOfAlert.ReplaceAllString(shipped, "$1: 0s")), 0o644))
	return path
}

// startAlertmanager returns where it listens.
func startAlertmanager(t *testing.T) string {
	t.Helper()
	config := filepath.Join(t.TempDir(), "alertmanager.yml")
	must(t, os.WriteFile(config, []byte("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"), 0o644))
	return startWithFiles(t, "prometheus-alertmanager", "--config.file="+config, "--storage.path="+t.TempDir(), "--cluster.listen-address=", anyPort).awaitAddress()
}

// alert is one of Alertmanager's.
type alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

func (w *world) alerts(t *testing.T) []alert {
	t.Helper()
	_, text, err := fetch(t.Context(), "http://"+w.alertmanager+"/api/v2/alerts")
	must(t, err)
	var all []alert
	must(t, json.Unmarshal(text, &all))
	return all
}

// firing are the names of the alerts about resets that fire in Prometheus. Those about
// rsttrace itself begin with its name: a scrape that comes late on a slow machine is one.
func (w *world) firing() []string {
	var names []string
	for _, s := range w.prometheus.query(`ALERTS{alertstate="firing", alertname!~"Rsttrace.*"}`) {
		names = append(names, s.labels["alertname"])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// rule is one of Prometheus's.
type rule struct {
	Name           string    `json:"name"`
	Type           string    `json:"type"`
	Health         string    `json:"health"`
	LastError      string    `json:"lastError"`
	LastEvaluation time.Time `json:"lastEvaluation"`
}

func (w *world) rules(t *testing.T) []rule {
	t.Helper()
	var answer struct {
		Groups []struct {
			Rules []rule `json:"rules"`
		} `json:"groups"`
	}
	must(t, w.prometheus.get("/api/v1/rules", &answer))
	var all []rule
	for _, g := range answer.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// awaitRules returns once all rules were evaluated with what is true now.
func (w *world) awaitRules(t *testing.T) {
	t.Helper()
	w.prometheus.awaitScrape("rsttrace", time.Now())
	scraped := time.Now()
	await(t, "Prometheus evaluates the rules", func() bool {
		return !slices.ContainsFunc(w.rules(t), func(r rule) bool { return r.LastEvaluation.Before(scraped) })
	})
}

// testRulesWork: no rule has an error with the real metrics.
func testRulesWork(t *testing.T, w *world) {
	w.awaitRules(t)
	all := w.rules(t)
	alerting := 0
	for _, r := range all {
		if r.Health != "ok" {
			t.Errorf("%s: %s: %s", r.Name, r.Health, r.LastError)
		}
		if r.Type == "alerting" {
			alerting++
		}
	}
	if want := len(alerts(t)); alerting != want {
		t.Errorf("Prometheus has %d alerts, want %d", alerting, want)
	}
}

// testHealthChecksAreQuiet: a client that ends its connections with a RST is no alert.
func testHealthChecksAreQuiet(t *testing.T, w *world) {
	w.awaitRules(t)
	before := w.firing()
	for range 3 {
		w.play(t, "linger-zero")
	}
	w.awaitRules(t)
	if fires := w.firing(); !slices.Equal(fires, before) {
		t.Errorf("%q fire, and before the checks %q", fires, before)
	}
}

// testAlertArrives: a reset becomes an alert at Alertmanager, with the words of its rule.
func testAlertArrives(t *testing.T, w *world) {
	const name = "ListenerClosedWithQueue"
	var arrived alert
	await(t, "Alertmanager gets the alert", func() bool {
		for _, a := range w.alerts(t) {
			if a.Labels["alertname"] == name && strings.Contains(a.Annotations["owners"], " ") {
				arrived = a
				return true
			}
		}
		return false
	})
	if cause := arrived.Labels["cause"]; cause != "listener-closed" {
		t.Errorf("its cause is %q", cause)
	}
	for _, words := range []string{"was closed while about ", w.serve.at} {
		if !strings.Contains(arrived.Annotations["summary"], words) {
			t.Errorf("its summary is %q, without %q", arrived.Annotations["summary"], words)
		}
	}
}
