package prose

import (
	"slices"
	"testing"
)

// unfinished is what is not yet in plain words. It only gets shorter: the test
// of a name that is here and is in plain words fails.
var unfinished = []string{}

// Require fails the test if the prose is not in plain words, unless its name is
// in the list of those that are known not to be. A name in that list must fail.
func Require(t testing.TB, name string, texts []Text) {
	t.Helper()
	m := Of(texts)
	if m.Sentences == 0 {
		t.Errorf("%s has no prose", name)
	}
	switch listed := slices.Contains(unfinished, name); {
	case m.Plain() && listed:
		t.Errorf("%s is in plain words now: take it off the list in internal/prose/require.go", name)
	case !m.Plain() && !listed:
		t.Errorf("%s: %s%s", name, m, m.Details())
	case listed:
		t.Logf("%s is not yet in plain words: %s", name, m)
	}
}

// Unfinished lists the names that are known not to be in plain words.
func Unfinished() []string { return slices.Clone(unfinished) }
