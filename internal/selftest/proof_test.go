package selftest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// proof is what really provokes a pattern, and what nearly does and must not be called so.
type proof struct {
	scenario string // of the lab
	story    string // test of test/stories, where no scenario can provoke it
	near     string // scenario of the lab
}

// proofs has each pattern.
var proofs = map[event.PatternID]proof{
	"sigpipe-death":          {scenario: "broken-pipe", near: "data-after-close-orphan"},
	"process-died":           {scenario: "unread-data-killed", near: "owner-thread-ended"},
	"process-paused":         {scenario: "incident-paused", near: "incident-late-answers"},
	"client-went-away":       {scenario: "incident-client-went-away", near: "incident-client-failed"},
	"port-scan":              {scenario: "incident-address-scan", near: "incident-busy-client"},
	"many-refuse":            {scenario: "incident-scan-from-here", near: "incident-some-refuse"},
	"passed-on":              {scenario: "incident-proxy-chain", near: "incident-two-clients"},
	"accept-queue-full":      {scenario: "accept-queue-overflow", near: "ack-to-listener"},
	"listener-closed":        {scenario: "listener-closed", near: "listener-destroyed"},
	"nothing-listens":        {scenario: "incident-busy-client", near: "netfilter-reject"},
	"reject-rule":            {scenario: "netfilter-reject", near: "closed-port"},
	"refused-elsewhere":      {scenario: "incident-refused-by-peer", near: "closed-port"},
	"never-established":      {scenario: "incident-never-established", near: "incident-stops-answering"},
	"idle-limit-between":     {scenario: "incident-idle-limit-between", near: "incident-short-silence"},
	"reset-in-full-flow":     {scenario: "incident-full-flow", near: "incident-short-silence"},
	"sent-by-no-socket":      {scenario: "incident-forged", near: "incident-full-flow"},
	"dead-peer":              {scenario: "keepalive-timeout", near: "fin-wait2-timeout"},
	"forgotten-here":         {scenario: "power-loss", near: "closed-earlier"},
	"damaged-or-forged":      {scenario: "rst-bad-checksum", near: "rst-challenged"},
	"keep-alive-race":        {scenario: "incident-keep-alive-race", near: "incident-close-race"},
	"closed-under-request":   {scenario: "incident-close-race", near: "closed-earlier-in-order"},
	"stale-pool":             {scenario: "incident-stale-pool", near: "incident-close-race"},
	"idle-limit":             {scenario: "incident-idle-limit", near: "incident-pause"},
	"port-check":             {scenario: "incident-port-check", near: "incident-client-aborts-request"},
	"unread-farewell":        {scenario: "incident-unread-farewell", near: "incident-unread-request"},
	"turned-away":            {scenario: "incident-turned-away", near: "incident-answers-unread"},
	"closed-before-read":     {scenario: "incident-slow-close", near: "incident-unread-farewell"},
	"client-gave-up":         {scenario: "incident-answers-too-late", near: "incident-client-ends-at-any-age"},
	"client-closed-early":    {scenario: "incident-client-ends-at-any-age", near: "incident-client-went-away"},
	"destroyed-from-outside": {scenario: "socket-destroyed", near: "disconnect"},
	"orphan-limit":           {scenario: "orphan-limit", near: "fin-wait2-timeout"},
	"deliberate-abort":       {scenario: "incident-pause", near: "disconnect"},
}

// TestEveryPatternIsProven: a pattern that nothing really provokes, or that no near miss
// bounds, is a guess.
func TestEveryPatternIsProven(t *testing.T) {
	for p := range finding.All() {
		proven, ok := proofs[p.ID]
		if !ok {
			t.Errorf("proofs lacks %s", p.ID)
			continue
		}
		provokes := slices.ContainsFunc(findingsOfScenario(t, proven.scenario), func(d lab.Diagnosis) bool { return d.Pattern == p.ID && d.Must })
		if !provokes && !isStory(t, proven.story) {
			t.Errorf("%s: scenario %q need not come to it, and there is no story %q", p.ID, proven.scenario, proven.story)
		}
		if slices.ContainsFunc(findingsOfScenario(t, proven.near), func(d lab.Diagnosis) bool { return d.Allows(p.ID) }) {
			t.Errorf("%s: it is right of %s, which is no near miss", p.ID, proven.near)
		}
	}
	for id := range proofs {
		if _, known := finding.Lookup(id); !known {
			t.Errorf("%q is no pattern", id)
		}
	}
}

func findingsOfScenario(t *testing.T, name string) []lab.Diagnosis {
	t.Helper()
	if name == "" {
		return nil
	}
	s, ok := lab.Find(name)
	if !ok {
		t.Errorf("no scenario is called %q", name)
	}
	return s.Findings
}

// isStory reports whether test/stories has a test of that name.
func isStory(t *testing.T, name string) bool {
	t.Helper()
	files, err := filepath.Glob("../../test/stories/*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	return name != "" && slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(text), "func "+name+"(")
	})
}
