package lab

import (
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestWire(t *testing.T) {
	local, peer := event.Endpoint{Port: 1}, event.Endpoint{Port: 2}
	for name, test := range map[string]struct {
		x        Expectation
		outgoing bool
	}{
		"sent":                {Expectation{Dir: event.Sent}, true},
		"received":            {Expectation{Dir: event.Received}, false},
		"ignored":             {Expectation{Dir: event.Ignored}, false},
		"rejected on its way": {Expectation{Dir: event.Sent, Chain: event.ChainForward}, true},
		"rejected here":       {Expectation{Dir: event.Sent, Chain: event.ChainOutput}, false},
	} {
		test.x.Local, test.x.Peer = local, peer
		if from, to := test.x.Wire(); (from == local) != test.outgoing || (to == peer) != test.outgoing {
			t.Errorf("%s: from %v to %v", name, from, to)
		}
	}
}

// TestMissesModule: a module of that name exists nowhere.
func TestMissesModule(t *testing.T) {
	if missesModule() {
		t.Error("misses a module although none is wanted")
	}
	for name := range listModules() {
		if missesModule(name) {
			t.Errorf("misses %s, which is there", name)
		}
	}
}
