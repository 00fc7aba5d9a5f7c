package cause

import (
	"iter"
	"slices"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Entry is one cause of the catalogue, written for a person who has never read
// the kernel. Every text field is filled; sentences of Title and Remedy carry
// no full stop, so that sinks can place them in a line.
type Entry struct {
	ID    event.CauseID
	Dir   event.Dir // "" only for Unclassified, which occurs in every direction
	Title string    // for lists: a few words

	Meaning    string // what happened
	KernelPath string // the kernel functions, innermost last, and the kernel's own reason (6.10+)
	OnTheWire  string // how the RST looks in tcpdump
	AppHere    string // what the application on this machine sees: errno by call, SIGPIPE
	AppPeer    string // what the application at the other end sees

	Remedy    string   // one short imperative sentence
	Fix       []string // more, with concrete settings
	Reproduce []string // commands that a person can type
	Sources   []string // kernel functions, RFC sections: where the knowledge comes from

	// IETFCause is the code of the "TCP Failure Causes" registry in
	// draft-ietf-tcpm-rst-diagnostic-payload, nil where none fits.
	IETFCause *int
}

// catalogue in the order in which people read it: sent, received, ignored,
// observed, and inside each by what brings it about.
var catalogue = slices.Concat(
	sentByClose, sentByKernel, sentAsReply, sentInHandshake, sentByMPTCPAndFirewall,
	received, receivedWhileClosing, ignored, ignoredBeforeConnection, observed, unclassified,
)

var entryOf = index(catalogue)

func index(entries []Entry) map[event.CauseID]*Entry {
	m := make(map[event.CauseID]*Entry, len(entries))
	for i := range entries {
		m[entries[i].ID] = &entries[i]
	}
	return m
}

// All yields every entry of the catalogue in reading order, Unclassified last.
func All() iter.Seq[Entry] { return slices.Values(catalogue) }

// Lookup returns the entry of a cause; false where the id names none.
func Lookup(id event.CauseID) (Entry, bool) {
	if entry, ok := entryOf[id]; ok {
		return *entry, true
	}
	return Entry{}, false
}

// IDs lists the causes of a direction in catalogue order. Unclassified, which
// has none, is listed under "".
func IDs(dir event.Dir) []event.CauseID {
	var ids []event.CauseID
	for _, entry := range catalogue {
		if entry.Dir == dir {
			ids = append(ids, entry.ID)
		}
	}
	return ids
}
