package probe

import (
	"maps"
	"slices"
	"testing"

	"github.com/rsttrace/rsttrace/internal/recording"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestPrograms: each program of the objects is in the table, and the other way
// round, in an object of its own method.
func TestPrograms(t *testing.T) {
	named := make(map[program]bool)
	for id := range hooks {
		h := &hooks[id]
		for method, p := range h.programs {
			named[p] = true
			if h.byFile != "" {
				named[program{p.object, h.byFile}] = true
			}
			if methods[method] == nil {
				t.Errorf("%s: %s is no method", h.name(), method)
			}
			if byFunctionEntry(method) != (p.object == fentryObject || p.object == kprobeObject) {
				t.Errorf("%s: %s has the program %s of the object %s", h.name(), method, p.name, p.object)
			}
		}
		if h.name() == "" || len(h.programs) == 0 || h.kind == "" {
			t.Errorf("row %d is not complete: %+v", id, h)
		}
		if h.gives != nil != (h.counts != "") {
			t.Errorf("%s gives events, or says what is not counted without it, but not both", h.name())
		}
		if h.gives == nil && h.serves == nil {
			t.Errorf("%s gives nothing and serves nobody", h.name())
		}
	}
	for name, load := range objectFiles {
		object, err := load()
		if err != nil {
			t.Fatal(err)
		}
		for p := range object.Programs {
			if !named[program{name, p}] {
				t.Errorf("%s of %s is in no row", p, name)
			}
			delete(named, program{name, p})
		}
	}
	for p := range named {
		t.Errorf("the object %s has no program %s", p.object, p.name)
	}
	if len(methods) != len(event.Methods) {
		t.Errorf("%d methods, package event has %d", len(methods), len(event.Methods))
	}
}

// TestArgumentConstants: the programs of a hook have the constants of its arguments.
func TestArgumentConstants(t *testing.T) {
	for id := range hooks {
		for _, a := range hooks[id].arguments {
			found := false
			for _, p := range hooks[id].programs {
				object, err := objectFiles[p.object]()
				if err != nil {
					t.Fatal(err)
				}
				found = found || object.Variables[a.constant] != nil
			}
			if !found {
				t.Errorf("%s: no object has the constant %s", hooks[id].name(), a.constant)
			}
		}
	}
}

// TestOneHookGivesIt: each event that a kernel ever gave comes from the row that
// says so, and means something that the row knows.
func TestOneHookGivesIt(t *testing.T) {
	all, err := recording.ReadDir("../recording/testdata")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[hookID]bool)
	for _, r := range all {
		for _, v := range r.Evidence {
			giver, ok := hookOf(v.Evidence)
			if !ok {
				t.Errorf("%s: no row gives %+v", r.FileName(), v.Evidence)
				continue
			}
			seen[giver] = true
			for id := range hookCount {
				if hooks[id].gave(v.Evidence) && hooks[id].kind[:4] != hooks[giver].kind[:4] {
					t.Errorf("%s: both %s and %s give %+v", r.FileName(), hooks[giver].name(), hooks[id].name(), v.Evidence)
				}
			}
			if !knows(giver, v.Dir, v.Cause, v.Certainty) {
				t.Errorf("%s: %s gave %s %s %s, of which its row does not know", r.FileName(), hooks[giver].name(), v.Certainty, v.Dir, v.Cause)
			}
			// The hook was attached there, or nothing could have come.
			name := hooks[giver].name()
			if method, listed := r.Hooks[name]; !listed || method == "" {
				t.Errorf("%s: %s gave %s, and was not attached: %q", r.FileName(), name, v.Cause, method)
			}
		}
	}
	for id := range hookCount {
		link := id == rejectLink4Hook || id == rejectLink6Hook // another row stands for these
		if hooks[id].gives != nil && !seen[id] && !link {
			t.Errorf("no recording has an event of %s", hooks[id].name())
		}
	}
}

func knows(id hookID, dir event.Dir, c event.CauseID, certainty event.Certainty) bool {
	for v := range hooks[id].verdicts {
		if v.Dir == dir && v.Cause == c && v.Certainty == certainty {
			return true
		}
	}
	return false
}

// TestEveryCauseHasAHook: a filter for any cause finds a hook, so asking for one
// cause never leaves nothing attached. Causes of captures are of no hook.
func TestEveryCauseHasAHook(t *testing.T) {
	for entry := range cause.All() {
		if entry.Dir == event.Observed {
			continue
		}
		s := wanting(Options{Ignored: true}, func(v cause.Verdict) bool { return v.Cause == entry.ID })
		if !slices.ContainsFunc(slices.Collect(maps.Keys(wantedHooks(s))), func(id hookID) bool { return hooks[id].gives != nil }) {
			t.Errorf("no hook gives %s", entry.ID)
		}
	}
}

func wanting(options Options, wants func(cause.Verdict) bool) *Session {
	k := &kernel{reportsErrors: true}
	return &Session{kernel: k, wants: wants, loader: &loader{kernel: k, options: options}}
}

func wantedHooks(s *Session) map[hookID]bool {
	found := make(map[hookID]bool)
	for id := range hookCount {
		if s.used(id) && s.wanted(id) {
			found[id] = true
		}
	}
	return found
}

// TestWantedHooks: what a filter attaches, and nothing beyond it.
func TestWantedHooks(t *testing.T) {
	context := []hookID{stateHook, destroyHook, cgroupHook, holdersHook, listenersHook, heldListenersHook}
	replies := []hookID{reply4Hook, reply6Hook}
	rejects := []hookID{reject4Hook, reject6Hook, rejectLink4Hook, rejectLink6Hook}
	notes := []hookID{requestNote, timeWaitNote, validateNote, stateNote}
	followups := []hookID{signalHook, errorHook}
	drops := []hookID{dropHook, requestNote, timeWaitNote}
	of := func(causes ...event.CauseID) func(cause.Verdict) bool {
		return func(v cause.Verdict) bool { return slices.Contains(causes, v.Cause) }
	}
	dir := func(d event.Dir) func(cause.Verdict) bool {
		return func(v cause.Verdict) bool { return v.Dir == d }
	}
	for name, test := range map[string]struct {
		options Options
		wants   func(cause.Verdict) bool
		beside  [][]hookID // the context hooks
	}{
		"closed-port":        {Options{Ignored: true}, of(cause.ClosedPort), [][]hookID{replies}},
		"several":            {Options{}, of(cause.ClosedPort, cause.UnreadDataOnClose), [][]hookID{replies, {activeHook}, followups}},
		"data-after-close":   {Options{}, of(cause.DataAfterClose), [][]hookID{replies, {signalHook}}},
		"a firewall":         {Options{}, of(cause.NetfilterReject), [][]hookID{rejects, {signalHook}}},
		"received":           {Options{}, dir(event.Received), [][]hookID{{receiveHook}, followups, drops}},
		"sent":               {Options{}, dir(event.Sent), [][]hookID{{activeHook}, replies, rejects, followups}},
		"ignored":            {Options{Ignored: true}, dir(event.Ignored), [][]hookID{replies, {dropHook, signalHook}, notes}},
		"ignored, not asked": {Options{}, dir(event.Ignored), nil},
		"TIME_WAIT":          {Options{}, of(cause.TimeWaitKilled), [][]hookID{drops, {signalHook}}},
		"obeyed and ignored": {Options{Ignored: true}, of(cause.TimeWaitKilled), [][]hookID{drops, replies, {signalHook}}},
		"drops switched off": {Options{NoDrops: true}, of(cause.TimeWaitKilled), [][]hookID{{dropHook, signalHook}}},
		"no follow-ups":      {Options{NoFollowups: true}, of(cause.PeerAborted), [][]hookID{{receiveHook}}},
		"everything (no filter)": {Options{Ignored: true}, nil,
			[][]hookID{{activeHook, receiveHook, dropHook}, replies, rejects, notes, followups}},
	} {
		want := make(map[hookID]bool)
		for _, ids := range test.beside {
			for _, id := range append(ids, context...) {
				want[id] = true
			}
		}
		got := wantedHooks(wanting(test.options, test.wants))
		for id := range hookCount {
			if got[id] != want[id] {
				t.Errorf("%s: %s is wanted: %t", name, hooks[id].name(), got[id])
			}
		}
	}
}
