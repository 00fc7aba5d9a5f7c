package prose

import "testing"

// phraseExamples has, for every phrase, sentences that must be found and
// sentences that must not.
var phraseExamples = map[string]struct{ bad, good []string }{
	"but for": {
		bad:  []string{"The verifier lets nobody count with pointers, but for the distance of two.", "But for one of them, all pass."},
		good: []string{"The timeout is not for connects but for reads.", "It waits, but forever.", "Not for machines, but for people."},
	},
	"hold against": {
		bad:  []string{"Hold the events against the kernel's own counters.", "Every rule is held against all recordings.", "TestX holds it against the table."},
		good: []string{"Compare the events with the counters.", "A guard against bad records.", "The lock is held. Protection against a crash is missing."},
	},
	"tell": {
		bad:  []string{"Only Go can tell which path a new id has.", "The totals tell how many.", "The error is not told.", "It tells a reset from a close."},
		good: []string{"Errors tell a person what to do.", "The flag tells the kernel to keep the socket.", "A FIN tells the peer that all was well.", "It intellectually fails."},
	},
	"stand": {
		bad:  []string{"The words stand in a table.", "The figure stands beside it.", "Headers stand in the order of use."},
		good: []string{"The letter S stands for sent.", "A person who understands TCP.", "A stand-alone program.", "This outstanding work."},
	},
	"some thousand": {
		bad:  []string{"It takes some thousand events.", "Each run costs some 30 ns.", "After some hundreds of connects."},
		good: []string{"It takes about 1 000 events.", "Some kernels lack it.", "Since some 5.10 kernels lack it.", "Some of ten tests."},
	},
	"headless who": {
		bad:  []string{"The event says who connected.", "It names who closed the connection.", "A note of who called connect.", "It knows whose socket is read."},
		good: []string{"The event names the process that called connect.", "A person who connected by hand.", "Users who closed the page come back.", "A socket whose owner is gone."},
	},
	"dangling the same": {
		bad:  []string{"The same by name.", "The other filter does the same.", "It reads the table, and the other end does the same; then it ends.", "The same goes for IPv6."},
		good: []string{"Both values are the same.", "The names stay the same.", "It is counted all the same.", "the same", "Both ends have the same port.", "The same port is used twice."},
	},
	"anew": {
		bad:  []string{"It writes the page anew."},
		good: []string{"It writes the page again.", "A new page."},
	},
}

func TestPhrases(t *testing.T) {
	for _, p := range phrases {
		examples, ok := phraseExamples[p.name]
		if !ok || len(examples.bad) == 0 || len(examples.good) == 0 {
			t.Errorf("%s has no examples", p.name)
		}
		for _, s := range examples.bad {
			if !found(p.name, s) {
				t.Errorf("%s is not found in: %s", p.name, s)
			}
		}
		for _, s := range examples.good {
			if f := forbidden(s); len(f) > 0 {
				t.Errorf("a good sentence has %s: %s", f, s)
			}
		}
	}
	if len(phraseExamples) != len(phrases) {
		t.Errorf("%d phrases and examples of %d", len(phrases), len(phraseExamples))
	}
}

// found reports whether a phrase, and not only another one, is in a sentence.
func found(name, sentence string) bool {
	for _, p := range phrases {
		if p.name == name {
			return p.pattern.MatchString(sentence) && (p.unless == nil || !p.unless.MatchString(sentence))
		}
	}
	return false
}
