package probe

import (
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// obeyedDrops are the drop reasons under which a RST may have been obeyed
// without tcp_reset: it ended a request socket or a TIME_WAIT mini-socket.
var obeyedDrops = []string{"NOT_SPECIFIED"}

// ignoredDrops are the drop reasons of a RST that was not obeyed.
var ignoredDrops = []string{
	"TCP_RESET", "TCP_INVALID_SEQUENCE", "TCP_INVALID_END_SEQUENCE", "TCP_OLD_SEQUENCE", "TCP_OVERWINDOW",
	"TCP_RFC7323_PAWS", "TCP_RFC7323_PAWS_ACK", "TCP_RFC7323_TW_PAWS", "TCP_RFC7323_TSECR",
}

// earlyDrops are the reasons of a RST that is dropped before the kernel checks it for a
// socket, where the hooks that note the socket are: such a RST has no note. A note that
// seems to be about it is left from another packet with the same numbers.
var earlyDrops = []string{
	"TCP_CSUM", "TCP_MINTTL", "TCP_MD5NOTFOUND", "TCP_MD5UNEXPECTED", "TCP_MD5FAILURE", "TCP_AUTH_HDR",
	"TCP_AONOTFOUND", "TCP_AOUNEXPECTED", "TCP_AOKEYNOTFOUND", "TCP_AOFAILURE",
}

// repliedDrops are the reasons of RSTs that the reply functions see at their
// entry, where these are attached by function.
var repliedDrops = []string{"NO_SOCKET", "TCP_FLAGS", "TCP_INVALID_ACK_SEQUENCE"}

// dropReasonMax is how many reasons the BPF side can tell apart.
const dropReasonMax = 256

// dropFacts is how the running kernel's kfree_skb tracepoint looks.
type dropFacts struct {
	hasReason    bool     // 5.17 and later
	hasSocket    bool     // 6.11 and later
	reasons      []string // by value, without prefix
	notSpecified uint32
	// tellsSequence: drops inside tcp_validate_incoming pass here with a
	// reason. Before 5.19 they are freed in silence.
	tellsSequence bool
}

// number is the value of a reason, 0 for one that this kernel does not have.
func (d *dropFacts) number(name string) uint32 { return uint32(max(0, slices.Index(d.reasons, name))) }

// namesOld: a RST before the window has a reason of its own (6.6), so that
// TCP_INVALID_SEQUENCE means one beyond it.
func (d *dropFacts) namesOld() bool { return slices.Contains(d.reasons, "TCP_OLD_SEQUENCE") }

// tellsRequest: a wrong sequence number of a RST for a request socket has a
// reason of its own. It came with the others of tcp_check_req, in 6.18.
func (d *dropFacts) tellsRequest() bool { return slices.Contains(d.reasons, "TCP_RFC7323_TSECR") }

func readDropFacts(spec *btf.Spec) dropFacts {
	arguments := parameters(spec, "btf_trace_kfree_skb")
	d := dropFacts{
		hasReason: len(arguments) >= 4, // the first is BPF's own
		hasSocket: len(arguments) >= 5,
		reasons:   enumNames(spec, "skb_drop_reason", "SKB_DROP_REASON_", "SKB_"),
	}
	for value, name := range d.reasons {
		switch name {
		case "NOT_SPECIFIED":
			d.notSpecified = uint32(value)
		case "TCP_INVALID_SEQUENCE":
			d.tellsSequence = true
		}
	}
	return d
}

// watched is the set of reasons to look at, as the BPF side wants it.
func (d *dropFacts) watched(names ...[]string) (set [dropReasonMax / 64]uint64) {
	wanted := make(map[string]bool)
	for _, group := range names {
		for _, name := range group {
			wanted[name] = true
		}
	}
	for value, name := range d.reasons {
		if wanted[name] && value < dropReasonMax {
			set[value/64] |= 1 << (value % 64)
		}
	}
	return set
}

// enumNames are the members of a kernel enum by value, without the first of
// the prefixes that fits. Values differ between kernels, names do not.
func enumNames(spec *btf.Spec, enum string, prefixes ...string) []string {
	var found *btf.Enum
	if err := spec.TypeByName(enum, &found); err != nil {
		return nil
	}
	var names []string
	for _, value := range found.Values {
		if value.Value >= dropReasonMax {
			continue // reasons of other subsystems, or markers
		}
		for uint64(len(names)) <= value.Value {
			names = append(names, "")
		}
		name := value.Name
		for _, prefix := range prefixes {
			if rest, ok := strings.CutPrefix(name, prefix); ok {
				name = rest
				break
			}
		}
		names[value.Value] = name
	}
	return names
}
