package join

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

func twoHosts() (a, b *host) {
	return &host{Host: event.Host{HostName: "a"}}, &host{Host: event.Host{HostName: "b"}}
}

// TestClocks: whatever the network does, the offset is within the error that is said.
func TestClocks(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		a, b := twoHosts()
		c := make(clocks)
		offset := time.Duration(rng.Int64N(2e9) - 1e9)
		drift := 100e-6 * (2*rng.Float64() - 1)
		ahead := func(at time.Time) time.Duration { return offset + time.Duration(drift*float64(at.Sub(start))) }
		at := start
		for range 500 {
			at = at.Add(time.Duration(rng.Int64N(5e9)))
			took := time.Duration(1e5 + rng.ExpFloat64()*5e6)
			if rng.IntN(2) == 0 {
				c.add(a, b, at, at.Add(took+ahead(at)))
			} else {
				c.add(b, a, at.Add(ahead(at)), at.Add(took))
			}
			got, half, known := c.between(a, b, at)
			back, _, _ := c.between(b, a, at)
			if known && (got-ahead(at) > half || ahead(at)-got > half || back != -got) {
				t.Fatalf("%v ± %v, but it is %v; the other way round %v", got, half, ahead(at), back)
			}
		}
		if _, half, known := c.between(a, b, at); !known || half > 50*time.Millisecond {
			t.Errorf("known: %v, ± %v", known, half)
		}
	}
}

// TestOneDirection: it only bounds the offset, and that is said.
func TestOneDirection(t *testing.T) {
	a, b := twoHosts()
	for _, tt := range []struct {
		from, to *host
		want     string
	}{
		{a, b, "b is at most 3ms ahead of a: RSTs went in one direction only"},
		{b, a, "b is at least -3ms ahead of a: RSTs went in one direction only"},
	} {
		c := make(clocks)
		c.add(tt.from, tt.to, start, start.Add(3*time.Millisecond))
		if _, _, known := c.between(a, b, start); known {
			t.Error("it is taken for known")
		}
		if got := c.list(start)[0].String(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
