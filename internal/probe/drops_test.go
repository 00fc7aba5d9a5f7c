package probe

import (
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
	"github.com/google/go-cmp/cmp"
)

// kernelWith has a drop reason enum with these members, and a tracepoint
// kfree_skb of as many arguments.
func kernelWith(t *testing.T, arguments int, reasons ...string) *btf.Spec {
	t.Helper()
	enum := &btf.Enum{Name: "skb_drop_reason", Size: 4}
	for value, name := range reasons {
		enum.Values = append(enum.Values, btf.EnumValue{Name: "SKB_DROP_REASON_" + name, Value: uint64(value)})
	}
	number := &btf.Int{Name: "unsigned int", Size: 4}
	types := make([]btf.Type, 1+arguments) // BPF adds one of its own
	for i := range types {
		types[i] = number
	}
	return specOf(t, enum, &btf.Typedef{Name: "btf_trace_kfree_skb", Type: &btf.Pointer{Target: prototype(types...)}})
}

func TestReadDropFacts(t *testing.T) {
	type facts struct{ Reason, Socket, Sequence, Old, Request bool }
	for name, test := range map[string]struct {
		arguments int
		reasons   []string
		want      facts
	}{
		"5.10": {2, nil, facts{}},
		"5.17": {3, []string{"NOT_SPECIFIED", "NO_SOCKET"}, facts{Reason: true}},
		"6.1":  {3, []string{"NOT_DROPPED_YET", "NOT_SPECIFIED", "TCP_RESET", "TCP_INVALID_SEQUENCE"}, facts{Reason: true, Sequence: true}},
		"6.6": {3, []string{"NOT_DROPPED_YET", "NOT_SPECIFIED", "TCP_OLD_SEQUENCE", "TCP_INVALID_SEQUENCE"},
			facts{Reason: true, Sequence: true, Old: true}},
		"6.11": {4, []string{"NOT_DROPPED_YET", "NOT_SPECIFIED", "TCP_OLD_SEQUENCE", "TCP_INVALID_SEQUENCE"},
			facts{Reason: true, Socket: true, Sequence: true, Old: true}},
		"6.18": {4, []string{"NOT_DROPPED_YET", "NOT_SPECIFIED", "TCP_RFC7323_TSECR", "TCP_OLD_SEQUENCE", "TCP_INVALID_SEQUENCE"},
			facts{Reason: true, Socket: true, Sequence: true, Old: true, Request: true}},
	} {
		d := readDropFacts(kernelWith(t, test.arguments, test.reasons...))
		got := facts{d.hasReason, d.hasSocket, d.tellsSequence, d.namesOld(), d.tellsRequest()}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		for value, reason := range test.reasons {
			if got := d.number(reason); got != uint32(value) {
				t.Errorf("%s: %s is %d, want %d", name, reason, got, value)
			}
		}
		if got := d.number("NO_SUCH"); got != 0 {
			t.Errorf("%s: a reason that is not there is %d", name, got)
		}
	}
}

// TestHandshakeChallenge: BTF or kallsyms shows the function. The version says
// nothing: 6.12.95 lacks it, 6.12.117 has it.
func TestHandshakeChallenge(t *testing.T) {
	const other = "ffffffff81a00000 T tcp_abort\nffffffff81a00150 T tcp_reqsk_send_challenge\n"
	void := prototype(&btf.Int{Name: "int", Size: 4})
	for name, test := range map[string]struct {
		btf      []btf.Type
		kallsyms string
		want     bool
	}{
		"neither":           {nil, other, false},
		"BTF":               {[]btf.Type{&btf.Func{Name: "tcp_reqsk_send_challenge_ack", Type: void}}, other, true},
		"kallsyms":          {nil, other + "ffffffff81a00200 T tcp_reqsk_send_challenge_ack\n", true},
		"kallsyms, hidden":  {nil, "0000000000000000 T tcp_reqsk_send_challenge_ack\n", true},
		"kallsyms, a clone": {nil, other + "ffffffff81a00200 t tcp_reqsk_send_challenge_ack.isra.0\n", true},
		"a longer name":     {nil, other + "ffffffff81a00200 T tcp_reqsk_send_challenge_ack_if\n", false},
	} {
		test.btf = append(test.btf, &btf.Func{Name: "tcp_reset", Type: void})
		k := kernelOf(specOf(t, test.btf...))
		k.locate(parseSymbols(strings.NewReader(test.kallsyms)))
		if k.challenges != test.want {
			t.Errorf("%s: %v, want %v", name, k.challenges, test.want)
		}
	}
}

// TestEarlyDrops: a reason is either checked before the sockets' hooks or behind them, and
// what is dropped before them is watched and has no note.
func TestEarlyDrops(t *testing.T) {
	for _, reason := range earlyDrops {
		if slices.Contains(ignoredDrops, reason) || slices.Contains(obeyedDrops, reason) || slices.Contains(repliedDrops, reason) {
			t.Errorf("%s is said to come before and behind the hooks", reason)
		}
	}
	spec := kernelWith(t, 4, "NOT_SPECIFIED", "TCP_CSUM", "TCP_RESET", "TCP_MINTTL")
	l := loader{kernel: &kernel{drop: readDropFacts(spec)}, options: Options{Ignored: true}}
	constants := l.dropConstants()
	for constant, want := range map[string]uint64{"drop_early_reasons": 0b1010, "drop_reasons": 0b1111} {
		if got := constants[constant].([dropReasonMax / 64]uint64); got[0] != want {
			t.Errorf("%s is %b, want %b", constant, got[0], want)
		}
	}
}
