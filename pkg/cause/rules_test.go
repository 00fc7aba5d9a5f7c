package cause

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rsttrace/rsttrace/pkg/event"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file under testdata, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; if that is meant, run go test ./pkg/cause -update (-file +now):\n%s", name, diff)
	}
}

// TestRulesDecide walks the systematic evidence of every hook: Classify is
// total, each rule decides something, each cause is reached, and where rules
// with different causes overlap the first decides. The order and what it decides
// are a golden file, so that a change of either is seen in review.
func TestRulesDecide(t *testing.T) {
	reached := map[event.CauseID]bool{}
	var overlaps []string
	for _, hook := range hooks {
		t.Run(hook.String(), func(t *testing.T) {
			rules := rulesOf[hook]
			decides := make([]bool, len(rules))
			shadows := make([][]bool, len(rules))
			for i := range shadows {
				shadows[i] = make([]bool, len(rules))
			}
			count := 0
			for e := range enumerate(hook) {
				count++
				v := Classify(e)
				reached[v.Cause] = true
				checkVerdict(t, e, v)
				first := matches(rules, e, shadows)
				switch {
				case first < 0 && v.Cause != Unclassified:
					t.Fatalf("no rule holds, but the cause is %s: %+v", v.Cause, e)
				case first >= 0 && v.Rule != rules[first].name:
					t.Fatalf("rule %q decided, want the first that holds, %q: %+v", v.Rule, rules[first].name, e)
				case first >= 0:
					decides[first] = true
				}
			}
			for i, r := range rules {
				if !decides[i] {
					t.Errorf("rule %q never decides", r.name)
				}
				overlaps = append(overlaps, fmt.Sprintf("%s: %s: %s%s", hook, r.name, r.cause, before(rules, i, shadows[i])))
			}
			t.Logf("%d kinds of evidence", count)
		})
	}
	for entry := range All() {
		if !reached[entry.ID] && entry.Dir != event.Observed {
			t.Errorf("no evidence has cause %s: it needs a rule in rules_*.go, before each rule that takes the same evidence", entry.ID)
		}
	}
	golden(t, "order.golden", strings.Join(overlaps, "\n")+"\n")
}

// matches returns the first rule that holds, -1 for none, and notes which later
// ones hold as well.
func matches(rules []rule, e event.Evidence, shadows [][]bool) int {
	first := -1
	for i := range rules {
		if !rules[i].when(e) {
			continue
		}
		if first < 0 {
			first = i
		} else {
			shadows[first][i] = true
		}
	}
	return first
}

// before lists the causes that rule i keeps from deciding where it holds too.
func before(rules []rule, i int, shadows []bool) string {
	var causes []string
	for j, later := range rules {
		if shadows[j] && later.cause != rules[i].cause && !slices.Contains(causes, string(later.cause)) {
			causes = append(causes, string(later.cause))
		}
	}
	if len(causes) == 0 {
		return ""
	}
	return "\n\tbefore " + strings.Join(causes, ", ")
}

// checkVerdict: what holds for every verdict, whatever the evidence.
func checkVerdict(t *testing.T, e event.Evidence, v Verdict) {
	t.Helper()
	entry, ok := Lookup(v.Cause)
	if !ok {
		t.Fatalf("cause %q is not in the catalogue: %+v", v.Cause, e)
	}
	if entry.Dir != "" && v.Dir != entry.Dir || !slices.Contains(event.Dirs, v.Dir) {
		t.Fatalf("dir %q of %s, catalogue %q: %+v", v.Dir, v.Cause, entry.Dir, e)
	}
	if (v.Certainty == event.Likely) != (len(v.Because) > 0) || v.Certainty != event.Likely && v.Certainty != event.Exact {
		t.Fatalf("certainty %q with because %q: %+v", v.Certainty, v.Because, e)
	}
	if v.KernelVerdict != "" && e.Reason == "" {
		t.Fatalf("kernel verdict without a kernel reason: %+v", e)
	}
}

func TestRuleTexts(t *testing.T) {
	for _, hook := range hooks {
		seen := map[string]bool{}
		for _, r := range rulesOf[hook] {
			if r.name == "" || seen[r.name] {
				t.Errorf("%s: rule name %q is empty or used twice", hook, r.name)
			}
			seen[r.name] = true
			for _, phrase := range r.because {
				if strings.HasSuffix(phrase, ".") || strings.Contains(phrase, ". ") || phrase == "" {
					t.Errorf("%s, %s: %q: want one phrase without a full stop", hook, r.name, phrase)
				}
			}
		}
	}
}

func TestKernelVerdictsAreOfCatalogueCauses(t *testing.T) {
	for key, text := range kernelVerdicts {
		if _, ok := Lookup(key.cause); !ok {
			t.Errorf("kernel verdict for %q, which is no cause", key.cause)
		}
		if strings.HasSuffix(text, ".") {
			t.Errorf("%q: want no full stop", text)
		}
		if got := kernelVerdict(key.cause, key.reason); got != text {
			t.Errorf("kernelVerdict(%s, %s) = %q", key.cause, key.reason, got)
		}
	}
	if got := kernelVerdict(LingerZero, ""); got != "" {
		t.Errorf("verdict %q without a kernel reason", got)
	}
	if got := kernelVerdict(UnreadDataOnClose, "TCP_ABORT_ON_CLOSE"); got != "" {
		t.Errorf("verdict %q where the kernel's reason fits", got)
	}
}
