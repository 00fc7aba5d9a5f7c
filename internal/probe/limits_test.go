package probe

import (
	"reflect"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// everything is a kernel that shows all, asked for all.
func everything() Visibility {
	var s Visibility
	value := reflect.ValueOf(&s).Elem()
	for i := range value.NumField() {
		if field := value.Field(i); field.Kind() == reflect.Bool {
			field.SetBool(true)
		}
	}
	s.EarlyDrops = make(map[event.CauseID]bool)
	for id := range earlyDropReasons {
		s.EarlyDrops[id] = true
	}
	return s
}

// withoutOne are kernels that show all but one thing, by name of that.
func withoutOne() map[string]Visibility {
	visibilities := make(map[string]Visibility)
	kind := reflect.TypeFor[Visibility]()
	for i := range kind.NumField() {
		if kind.Field(i).Type.Kind() == reflect.Bool {
			s := everything()
			reflect.ValueOf(&s).Elem().Field(i).SetBool(false)
			visibilities[kind.Field(i).Name] = s
		}
	}
	for id := range earlyDropReasons {
		s := everything()
		s.EarlyDrops[id] = false
		visibilities[string(id)] = s
	}
	return visibilities
}

func hidden(s Visibility) (ids []string) {
	for _, limit := range limits {
		if limit.hides(s) {
			ids = append(ids, limit.ID)
		}
	}
	return ids
}

// TestEveryLimit: each is reached by some kernel, and none by one that shows
// everything.
func TestEveryLimit(t *testing.T) {
	if ids := hidden(everything()); len(ids) != 0 {
		t.Errorf("a kernel that shows everything is limited: %v", ids)
	}
	reached := make(map[string]bool)
	for _, s := range withoutOne() {
		for _, id := range hidden(s) {
			reached[id] = true
		}
	}
	seen := make(map[string]bool)
	for _, limit := range limits {
		if !reached[limit.ID] {
			t.Errorf("%s is never reached", limit.ID)
		}
		if seen[limit.ID] || seen[limit.Sentence] {
			t.Errorf("%s is there twice", limit.ID)
		}
		seen[limit.ID], seen[limit.Sentence] = true, true
		if strings.HasSuffix(limit.Sentence, ".") || SentenceOf(limit.ID) != limit.Sentence {
			t.Errorf("%s: sentence %q", limit.ID, limit.Sentence)
		}
	}
	if SentenceOf("no-such") != "" {
		t.Error("a limit that does not exist has a sentence")
	}
}

// TestEveryVisibilityCounts: nothing can be missing without a word. What was not
// asked for is not missing.
func TestEveryVisibilityCounts(t *testing.T) {
	for name, s := range withoutOne() {
		if said := len(hidden(s)) > 0; said == (name == "Ignored") {
			t.Errorf("without %s: %v", name, hidden(s))
		}
	}
	unasked := Visibility{EarlyDrops: map[event.CauseID]bool{cause.RSTBadChecksum: false}}
	for _, id := range hidden(unasked) {
		if strings.Contains(SentenceOf(id), "gnored") {
			t.Errorf("%s is said although ignored RSTs were not asked for", id)
		}
	}
}

// TestUnseenAreLimits: a name that no limit has would never be said.
func TestUnseenAreLimits(t *testing.T) {
	for id := range unseen {
		if _, found := LimitByID(id); !found {
			t.Errorf("no limit is called %s", id)
		}
	}
	for _, limit := range limits {
		if whole, _, _ := strings.Cut(limit.Sentence, " are not seen"); !strings.Contains(whole, ":") && whole != limit.Sentence && limit.Unseen() == "" {
			t.Errorf("%s hides whole RSTs, and doctor does not say so first", limit.ID)
		}
	}
}
