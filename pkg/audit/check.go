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
	for _, identity := range Identities {
		kernel, ok := diff[identity.Counter]
		if !ok {
			continue
		}
		row := Row{
			Counter: identity.Counter, Kernel: kernel, Note: identity.Note,
			Events: counts.sum(identity.Sure), Perhaps: counts.sum(identity.Perhaps),
		}
		row.Exact = kernel >= row.Events && kernel <= row.Events+row.Perhaps
		row.OK = row.Exact || kernel > row.Events && identity.Silent != ""
		if row.OK && !row.Exact {
			row.Note += "; the rest: " + identity.Silent
		}
		rows = append(rows, row)
	}
	if failed := diff["TCPAbortFailed"]; failed > 0 {
		rows = append(rows, Row{
			Counter: "TCPAbortFailed", Kernel: failed, OK: true, Exact: true,
			Note: "resets that were counted as sent and never left this machine (no memory, no route, firewall)",
		})
	}
	return rows
}
