package peers

import (
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"
)

const dashboardFile = "../../deploy/grafana/rsttrace.json"

// mayBeEmpty are panels that show only what is wrong with rsttrace.
var mayBeEmpty = map[string]bool{
	"Hooks that are not attached": true,
	"Audit: not explained":        true,
}

// dashboard is as much of Grafana's format as is needed to ask what a panel asks.
type dashboard struct {
	UID    string  `json:"uid"`
	Panels []panel `json:"panels"`
	Links  []struct {
		URL string `json:"url"`
	} `json:"links"`
	Annotations struct {
		List []struct {
			Name string `json:"name"`
			Expr string `json:"expr"`
		} `json:"list"`
	} `json:"annotations"`
	Templating struct {
		List []struct {
			Name       string `json:"name"`
			Type       string `json:"type"`
			Definition string `json:"definition"`
		} `json:"list"`
	} `json:"templating"`
}

type panel struct {
	ID      int    `json:"id"`
	Type    string `json:"type"`
	Title   string `json:"title"`
	GridPos struct{ X, Y, W, H int }
	Targets []struct {
		Expr    string `json:"expr"`
		Instant bool   `json:"instant"`
	} `json:"targets"`
}

func readDashboard(t *testing.T) *dashboard {
	t.Helper()
	text, err := os.ReadFile(dashboardFile)
	must(t, err)
	var d dashboard
	must(t, json.Unmarshal(text, &d))
	if len(d.Panels) == 0 {
		t.Fatalf("%s has no panels", dashboardFile)
	}
	return &d
}

// TestDashboardIsWhole: each panel has a number and a place of its own, and each variable
// of a query is there.
func TestDashboardIsWhole(t *testing.T) {
	d := readDashboard(t)
	const width = 24
	titleAt := make(map[[2]int]string)
	titleOf := make(map[int]string)
	for _, p := range d.Panels {
		if other, taken := titleOf[p.ID]; taken {
			t.Errorf("%q and %q both have the id %d", other, p.Title, p.ID)
		}
		titleOf[p.ID] = p.Title
		at := p.GridPos
		if at.W == 0 || at.H == 0 || at.X+at.W > width {
			t.Errorf("%q has the place %+v", p.Title, at)
		}
		for x := at.X; x < at.X+at.W; x++ {
			for y := at.Y; y < at.Y+at.H; y++ {
				if other, taken := titleAt[[2]int{x, y}]; taken {
					t.Fatalf("%q covers %q", p.Title, other)
				}
				titleAt[[2]int{x, y}] = p.Title
			}
		}
		for _, q := range p.Targets {
			if asked := filled(q.Expr); strings.Contains(asked, "$") {
				t.Errorf("%q asks for %s, which has an unknown variable", p.Title, q.Expr)
			}
		}
	}
	for _, variable := range d.Templating.List {
		if variable.Type == "query" && !strings.HasPrefix(variable.Definition, "label_values(") {
			t.Errorf("the variable %s is defined by %s", variable.Name, variable.Definition)
		}
	}
}

// filled puts values into the variables of a query, as Grafana does. All hosts and causes
// are chosen.
func filled(expr string) string {
	return strings.NewReplacer("$instance", ".*", "$cause", ".*", "$__range", "10m", "$__rate_interval", "10s").Replace(expr)
}

// testDashboard: Prometheus understands each query, and each has data after the lab.
func testDashboard(t *testing.T, w *world) {
	d := readDashboard(t)
	w.play(t, "rst-with-reason") // one that is ignored, and one that says why
	w.awaitRules(t)
	asked := 0
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			asked++
			var samples []sample
			var err error
			if q.Instant {
				samples, err = w.prometheus.tryQuery("query", url.Values{"query": {filled(q.Expr)}})
			} else {
				samples, err = w.prometheus.overTime(filled(q.Expr), w.began)
			}
			switch {
			case err != nil:
				t.Errorf("%q: %s: %v", p.Title, q.Expr, err)
			case len(samples) == 0 && !mayBeEmpty[p.Title]:
				t.Errorf("%q has no data: %s", p.Title, q.Expr)
			}
		}
	}
	if asked < 20 {
		t.Errorf("the dashboard has only %d queries", asked)
	}
	for _, a := range d.Annotations.List {
		if _, err := w.prometheus.overTime(filled(a.Expr), w.began); err != nil {
			t.Errorf("the annotation %q: %v", a.Name, err)
		}
	}
	for _, variable := range d.Templating.List {
		if variable.Type == "query" {
			testVariable(t, w, variable.Definition)
		}
	}
}

// testVariable: "label_values(METRIC, LABEL)" has values.
func testVariable(t *testing.T, w *world, definition string) {
	t.Helper()
	inside := strings.TrimSuffix(strings.TrimPrefix(definition, "label_values("), ")")
	metric, label, found := strings.Cut(inside, ", ")
	if !found {
		t.Fatalf("the variable %s has no label", definition)
	}
	var values []string
	path := "/api/v1/label/" + label + "/values?" + url.Values{"match[]": {metric}}.Encode()
	if err := w.prometheus.get(path, &values); err != nil || len(values) == 0 {
		t.Errorf("the variable %s has the values %q, %v", definition, values, err)
	}
}
