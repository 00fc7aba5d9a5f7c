package probe

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// kallsymsText has what a real one has: per-CPU variables at low addresses,
// aliases, parts that the compiler split off, data and modules at the end.
const kallsymsText = `0000000000000000 A fixed_percpu_data
0000000000001000 A cpu_debug_store
ffffffff81000000 T _stext
ffffffff81a00000 T tcp_abort
ffffffff81a00150 T tcp_abort_other
ffffffff81b00000 t tcp_validate_incoming
ffffffff81b00400 t tcp_rcv_state_process.isra.0
ffffffff81b00400 t alias_of_it
ffffffff81b00900 T tcp_rcv_established
ffffffff81b01000 T __tcp_close
ffffffff81b01300 T tcp_close
ffffffff81c00000 T inet_csk_listen_stop
ffffffff81c00000 T __pfx_alias
ffffffff81c00200 t tcp_validate_incoming.cold
ffffffff81c00240 t tcp_rcv_established.cold
ffffffff82000000 D __per_cpu_offset
ffffffff82002000 D tcp_abort_count
ffffffffc0001000 t nf_send_reset	[nf_reject_ipv4]
ffffffffc0002000 t tcp_check_reqs	[other]
`

func TestParseSymbols(t *testing.T) {
	found := parseSymbols(strings.NewReader(kallsymsText))
	wanted := func(start, end uint64, caller event.Caller) functionRange {
		return functionRange{Start: start, End: end, Caller: uint64(caller)}
	}
	want := []functionRange{
		wanted(0xffffffff81a00000, 0xffffffff81a00150, event.CallerAbort),
		wanted(0xffffffff81b00000, 0xffffffff81b00400, event.CallerValidateIncoming),
		wanted(0xffffffff81b00400, 0xffffffff81b00900, event.CallerRcvStateProcess),
		wanted(0xffffffff81b01000, 0xffffffff81b01300, event.CallerTCPClose),
		wanted(0xffffffff81c00000, 0xffffffff81c00200, event.CallerListenStop),
		wanted(0xffffffff81c00200, 0xffffffff81c00240, event.CallerValidateIncoming),
	}
	if diff := cmp.Diff(want, found.callers); diff != "" {
		t.Errorf("callers (-want +got):\n%s", diff)
	}
	functions := map[string][]string{"nf_send_reset": {"nf_send_reset"}, "tcp_rcv_state_process": {"tcp_rcv_state_process.isra.0"},
		"tcp_validate_incoming": {"tcp_validate_incoming", "tcp_validate_incoming.cold"}}
	if diff := cmp.Diff(functions, found.functions); diff != "" {
		t.Errorf("functions (-want +got):\n%s", diff)
	}
}

// TestParseSymbolsHidden: without CAP_SYSLOG all addresses are zero, and one
// that looks real would be a lie. Names are never hidden.
func TestParseSymbolsHidden(t *testing.T) {
	var hidden strings.Builder
	for line := range strings.Lines(kallsymsText) {
		hidden.WriteString("0000000000000000" + line[16:])
	}
	found := parseSymbols(strings.NewReader(hidden.String()))
	if len(found.callers) != 0 {
		t.Errorf("addresses out of nothing: %+v", found.callers)
	}
	if found.functions["nf_send_reset"] == nil {
		t.Error("nf_send_reset is not found any more")
	}
}

func TestParseSymbolsOdd(t *testing.T) {
	for name, text := range map[string]string{
		"empty":                 "",
		"no end of the range":   "ffffffff81a00000 T tcp_abort\n",
		"not an address":        "zzz T tcp_abort\nffffffff81a00150 T next\n",
		"torn line":             "ffffffff81a00000\n\nffffffff81a00000 T\n",
		"no newline at the end": "ffffffff81a00000 T tcp_abort",
		"names that only begin alike": "ffffffff81a00000 T tcp_abort2\n" +
			"ffffffff81a00100 T tcp_abor\nffffffff81a00200 T tcp\nffffffff81a00300 T next\n",
	} {
		if found := parseSymbols(strings.NewReader(text)); len(found.callers) != 0 {
			t.Errorf("%s: %+v", name, found.callers)
		}
	}
}

// TestCallerNames: every caller is looked for but those that stand for "none of
// these" and for two functions in a row.
func TestCallerNames(t *testing.T) {
	all := constants(scopeOf(t, "../../pkg/event/*.go"), "Caller", "Caller")
	looked := make(map[event.Caller]bool)
	for caller := range maps.Values(callerNames) {
		looked[caller] = true
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		caller := event.Caller(all[name])
		derived := caller == event.CallerOther || caller == event.CallerListenAbort
		if looked[caller] == derived {
			t.Errorf("caller %v: looked for: %v", caller, looked[caller])
		}
	}
	for name := range callerNames {
		if caller, ok := callerOf([]byte(name + "\n")); !ok || caller != callerNames[name] {
			t.Errorf("%s is not recognised", name)
		}
	}
}
