package event

import (
	"cmp"
	"slices"
	"time"
)

// Totals is the account of a run. Counts come from the in-kernel counters, so
// they hold also what was filtered, limited or lost:
//
//	sum of Counts = Shown + NotShown + Lost
//
// and with Missed it is all that the kernel did.
type Totals struct {
	Host
	Time     time.Time // when the counters were read
	Counts   []Count
	Shown    uint64 // events printed
	NotShown uint64 // counted and held back by a filter or a limit
	Lost     uint64 // counted, but the details did not reach this program
	Missed   uint64 // the kernel skipped the probe: in no count
	// LostRecords are other records whose details did not reach this program.
	LostRecords LostRecords
	// OwnersNotSought are shown events without a search for their owner: the search
	// takes 1 % of a core at most, and the next one would have come too late.
	OwnersNotSought uint64
	// NotCounted lists, for people, kinds of RSTs that no count has: the filter needs
	// no event of theirs, so their hooks are not attached.
	NotCounted []string
	Tops       *Tops // nil where they were not asked for
}

// LostRecords counts records, beside those of events, that found no room on their
// way from the kernel: by what they would have said.
type LostRecords struct {
	Holders  uint64 `json:"holders,omitzero"`  // which process holds a socket, or closed it: an owner may be missing
	Modules  uint64 `json:"modules,omitzero"`  // a kernel module came: rsttrace then looks itself which ones are loaded
	Signals  uint64 `json:"signals,omitzero"`  // a process got SIGPIPE: a follow-up is missing
	Errors   uint64 `json:"errors,omitzero"`   // the kernel reported an error on a socket: App.Reported may be missing
	Payloads uint64 `json:"payloads,omitzero"` // what an incoming RST said in its payload
	Cgroups  uint64 `json:"cgroups,omitzero"`  // the path of a new control group: a name may be missing
	Commands uint64 `json:"commands,omitzero"` // the command line of a process that reset sockets of others
	Packets  uint64 `json:"packets,omitzero"`  // the packet of an event, where they were asked for: Event.Frames
}

// Add adds those of another run.
func (l *LostRecords) Add(o *LostRecords) {
	l.Holders += o.Holders
	l.Modules += o.Modules
	l.Signals += o.Signals
	l.Errors += o.Errors
	l.Payloads += o.Payloads
	l.Cgroups += o.Cgroups
	l.Commands += o.Commands
	l.Packets += o.Packets
}

// Count is how often one cause was counted in one direction.
type Count struct {
	Dir    Dir     `json:"dir"`
	Cause  CauseID `json:"cause"`
	Events uint64  `json:"events"`
}

// Sorted returns a copy of the counts in the order in which people read them:
// by direction, then the most frequent first, then by name.
func (t Totals) Sorted() []Count {
	counts := slices.Clone(t.Counts)
	slices.SortFunc(counts, func(a, b Count) int {
		return cmp.Or(
			cmp.Compare(slices.Index(Dirs, a.Dir), slices.Index(Dirs, b.Dir)),
			cmp.Compare(b.Events, a.Events),
			cmp.Compare(a.Cause, b.Cause),
		)
	})
	return counts
}

// Events is the sum of the counts.
func (t Totals) Events() uint64 {
	var sum uint64
	for _, c := range t.Counts {
		sum += c.Events
	}
	return sum
}
