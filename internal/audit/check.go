package audit

// Row is one counter beside the events.
type Row struct {
	Counter string
	Kernel  uint64 // growth of the counter
	Events  uint64 // events that count for certain
	Perhaps uint64 // events that may count or not
	OK      bool   // they agree, given the exceptions
	Exact   bool   // they agree without using what the kernel counts in silence
	Note    string // what is compared, and the exception that was used
}

// Check holds the growth of a namespace's counters against its events of the
// same time. Events that the attach method could not see (before 6.10 a
// tracepoint shows no reset without a full socket) must be added by the caller
// or left out of the judgement. Counters this kernel lacks give no row.
func Check(diff Snapshot, counts Counts) []Row {
	var rows []Row
	for i := range Identities {
		identity := &Identities[i]
		if kernel, ok := diff[identity.Counter]; ok {
			rows = append(rows, identity.row(kernel, counts.sum(identity.Sure), counts.sum(identity.Perhaps)))
		}
	}
	if row, ok := failed(diff); ok {
		rows = append(rows, row)
	}
	return rows
}

// row compares the growth of the counter with events.
func (i *Identity) row(kernel, events, perhaps uint64) Row {
	row := Row{Counter: i.Counter, Kernel: kernel, Note: i.Note, Events: events, Perhaps: perhaps}
	row.Exact = kernel >= row.Events && kernel <= row.Events+row.Perhaps
	row.OK = row.Exact || kernel > row.Events && i.Silent != ""
	if row.OK && !row.Exact {
		row.Note += "; the rest: " + i.Silent
	}
	return row
}

// failed is the row of the one counter that no events are compared with.
func failed(diff Snapshot) (Row, bool) {
	return Row{
		Counter: "TCPAbortFailed", Kernel: diff["TCPAbortFailed"], OK: true, Exact: true,
		Note: "resets that were counted as sent and never left this machine (no memory, no route, firewall)",
	}, diff["TCPAbortFailed"] > 0
}
