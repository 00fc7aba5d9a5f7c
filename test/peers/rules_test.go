package peers

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	rulesFile     = "../../deploy/prometheus/rules.yml"
	rulesTestFile = "../../deploy/prometheus/rules_test.yml"
	runbook       = "../../docs/operate.md"
)

// TestRulesAreRight: promtool finds nothing, and each case of the unit tests is right.
func TestRulesAreRight(t *testing.T) {
	needPrograms(t, "promtool")
	promtool(t, "check", "rules", rulesFile)
	promtool(t, "test", "rules", rulesTestFile)
}

func promtool(t *testing.T, args ...string) {
	t.Helper()
	path, err := find("promtool")
	must(t, err)
	if said, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, said)
	}
}

var (
	alertName  = regexp.MustCompile(`(?m)^ *- alert: (\w+)$`)
	testedName = regexp.MustCompile(`(?m)^ *- alertname: (\w+)\n.*\n *exp_alerts:( \[\])?$`)
	runbookURL = regexp.MustCompile(`(?m)^ *runbook_url: https://github\.com/rsttrace/rsttrace/blob/main/docs/operate\.md#(\w+)$`)
)

// TestConfigurationOfThePage: Prometheus takes what the page says to write.
func TestConfigurationOfThePage(t *testing.T) {
	needPrograms(t, "promtool")
	page := alertsOfPage(t)
	_, block, found := strings.Cut(page, "```yaml\n")
	config, _, ended := strings.Cut(block, "```")
	if !found || !ended {
		t.Fatalf("%s has no configuration", runbook)
	}
	folder := t.TempDir()
	must(t, os.WriteFile(filepath.Join(folder, "prometheus.yml"), []byte(config), 0o644))
	must(t, os.WriteFile(filepath.Join(folder, "rules.yml"), []byte(read(t, rulesFile)), 0o644))
	promtool(t, "check", "config", filepath.Join(folder, "prometheus.yml"))
}

// alertsOfPage is the section of the page about alerts.
func alertsOfPage(t *testing.T) string {
	t.Helper()
	_, page, found := strings.Cut(read(t, runbook), "\n## Alerts\n")
	if !found {
		t.Fatalf("%s has no section Alerts", runbook)
	}
	page, _, _ = strings.Cut(page, "\n## ")
	return page
}

// TestEveryAlertIsTested: by a case that fires and by one that does not.
func TestEveryAlertIsTested(t *testing.T) {
	fires, silent := make(map[string]bool), make(map[string]bool)
	for _, m := range testedName.FindAllStringSubmatch(read(t, rulesTestFile), -1) {
		if m[2] == "" {
			fires[m[1]] = true
		} else {
			silent[m[1]] = true
		}
	}
	for _, name := range alerts(t) {
		if !fires[name] || !silent[name] {
			t.Errorf("%s: has a case that fires: %t, a near miss: %t", name, fires[name], silent[name])
		}
	}
}

// TestEveryAlertIsProvoked: by a real fault, with the real Prometheus.
func TestEveryAlertIsProvoked(t *testing.T) {
	var provoked []string
	for _, p := range slices.Concat(ofResets, ofRsttrace) {
		provoked = append(provoked, p.alert)
	}
	want := alerts(t)
	slices.Sort(want)
	slices.Sort(provoked)
	if !slices.Equal(provoked, want) {
		t.Errorf("%q are provoked, want %q", provoked, want)
	}
}

// TestEveryAlertHasARunbook: the alert links to its section of the page, and the page has
// no others.
func TestEveryAlertHasARunbook(t *testing.T) {
	names := alerts(t)
	var linked, sections []string
	for _, m := range runbookURL.FindAllStringSubmatch(read(t, rulesFile), -1) {
		linked = append(linked, m[1])
	}
	for _, m := range regexp.MustCompile(`(?m)^### (\w+)$`).FindAllStringSubmatch(alertsOfPage(t), -1) {
		sections = append(sections, m[1])
	}
	if !slices.Equal(sections, names) {
		t.Errorf("%s has the sections %q, want %q", runbook, sections, names)
	}
	for i := range names {
		names[i] = strings.ToLower(names[i])
	}
	if !slices.Equal(linked, names) {
		t.Errorf("the alerts link to %q, want %q", linked, names)
	}
}

// alerts lists the names of the shipped alerts.
func alerts(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, m := range alertName.FindAllStringSubmatch(read(t, rulesFile), -1) {
		names = append(names, m[1])
	}
	if len(names) == 0 {
		t.Fatalf("%s has no alerts", rulesFile)
	}
	return names
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	return string(text)
}
