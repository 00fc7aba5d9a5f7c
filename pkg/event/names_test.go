package event

import (
	"encoding"
	"strings"
	"testing"
)

// TestEnumNames: every value has a name of its own that reads back as itself,
// and what is past the last one says so.
func TestEnumNames(t *testing.T) {
	checkEnum(t, "hook", HookIgnore, func(h *Hook) encoding.TextUnmarshaler { return h })
	checkEnum(t, "socket kind", SockTimeWait, func(s *SockKind) encoding.TextUnmarshaler { return s })
	checkEnum(t, "caller", CallerDoRcv, func(c *Caller) encoding.TextUnmarshaler { return c })
	checkEnum(t, "chain", ChainIngress, func(c *Chain) encoding.TextUnmarshaler { return c })
	checkEnum(t, "state", StateNewSynRecv, func(s *State) encoding.TextUnmarshaler { return s })
}

type enum interface {
	~uint8
	String() string
}

func checkEnum[T enum](t *testing.T, what string, last T, reader func(*T) encoding.TextUnmarshaler) {
	t.Helper()
	seen := make(map[string]T)
	for value := T(0); value <= last; value++ {
		text := value.String()
		if earlier, twice := seen[text]; twice {
			t.Errorf("%s %d and %d are both %q", what, earlier, value, text)
		}
		seen[text] = value
		read := last + 1
		if err := reader(&read).UnmarshalText([]byte(text)); err != nil || read != value {
			t.Errorf("%s %q reads as %d, want %d, error %v", what, text, read, value, err)
		}
	}
	if text := (last + 1).String(); !strings.HasPrefix(text, "unknown(") {
		t.Errorf("%s %d is %q: it is not in this test", what, last+1, text)
	}
	var read T
	if err := reader(&read).UnmarshalText([]byte("no-such")); err == nil {
		t.Errorf("no-such reads as %s %d", what, read)
	}
}

func TestFactNames(t *testing.T) {
	if Facts(1)<<(len(factNames)-1) != factLast {
		t.Errorf("%d names, and the last fact is %b", len(factNames), factLast)
	}
	seen := make(map[string]bool)
	for bit := range factNames {
		fact := Facts(1) << bit
		text := fact.String()
		var read Facts
		if err := read.UnmarshalText([]byte(text)); err != nil || read != fact || seen[text] {
			t.Errorf("fact %d is %q and reads as %b, error %v", bit, text, read, err)
		}
		seen[text] = true
	}
	all := factLast | (factLast - 1)
	var read Facts
	if err := read.UnmarshalText([]byte(all.String())); err != nil || read != all {
		t.Errorf("all facts read as %b, error %v", read, err)
	}
	for _, text := range []string{"no-such", "owned,", ",owned", "owned dead"} {
		if err := read.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q reads as %b", text, read)
		}
	}
}

func TestFlagLetters(t *testing.T) {
	for flags, want := range map[TCPFlags]string{
		0: "[none]", SYN: "[S]", SYN | ACK: "[S.]", RST: "[R]", RST | ACK: "[R.]",
		FIN | PSH | ACK: "[FP.]", ACK: "[.]", SYN | ECE | CWR: "[SEW]",
	} {
		if got := flags.String(); got != want {
			t.Errorf("flags %08b are %s, want %s", uint8(flags), got, want)
		}
	}
	for flags := range 256 {
		var read TCPFlags
		text := TCPFlags(flags).String()
		if err := read.UnmarshalText([]byte(text)); err != nil || read != TCPFlags(flags) {
			t.Errorf("%08b is %s and reads as %08b, error %v", flags, text, read, err)
		}
	}
	var read TCPFlags
	for _, text := range []string{"", "S", "[S", "S]", "[X]"} {
		if err := read.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q reads as %08b", text, uint8(read))
		}
	}
}
