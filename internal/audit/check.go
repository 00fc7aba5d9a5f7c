package audit

// Row is one counter beside the events.
type Row struct {
	Counter  string
	Kernel   uint64 // growth of the counter
	Counted  uint64 // events that count for certain
	MayCount uint64 // events that may count or not
	OK       bool   // they agree, given the exceptions
	Exact    bool   // they agree without using what the kernel counts in silence
	Note     string // what is compared, and the exception that was used
}

// Check holds the growth of a namespace's counters against its events of the
// same time. Events that the attach method could not see (before 6.10 a
// tracepoint shows no reset without a full socket) must be added by the caller
// or left out of the judgement. Counters this kernel lacks give no row.
func Check(diff Snapshot, counts Counts) []Row {
	var rows []Row
	for i := range Equations {
		equation := &Equations[i]
		if kernel, ok := diff[equation.Counter]; ok {
			rows = append(rows, equation.row(kernel, counts.sum(equation.Counted), counts.sum(equation.MayCount)))
		}
	}
	if row, ok := abortFailedRow(diff); ok {
		rows = append(rows, row)
	}
	return rows
}

// row compares the growth of the counter with events.
func (i *Equation) row(kernel, events, perhaps uint64) Row {
	row := Row{Counter: i.Counter, Kernel: kernel, Note: i.Note, Counted: events, MayCount: perhaps}
	row.Exact = kernel >= row.Counted && kernel <= row.Counted+row.MayCount
	row.OK = row.Exact || kernel > row.Counted && i.WithoutEvent != ""
	if row.OK && !row.Exact {
		row.Note += "; the rest: " + i.WithoutEvent
	}
	return row
}

// abortFailedRow is the row of the one counter that no events are compared with.
func abortFailedRow(diff Snapshot) (Row, bool) {
	return Row{
		Counter: "TCPAbortFailed", Kernel: diff["TCPAbortFailed"], OK: true, Exact: true,
		Note: "resets that were counted as sent and never left this machine (no memory, no route, firewall)",
	}, diff["TCPAbortFailed"] > 0
}
