package probe

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"strconv"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// functionRange is where the code of a function stands, and what it is called
// in a verdict.
type functionRange = bpf.FentryFunctionRange

// callerNames are the functions that tell cases apart which nothing else does.
var callerNames = map[string]event.Caller{
	"tcp_validate_incoming":    event.CallerValidateIncoming,
	"tcp_rcv_state_process":    event.CallerRcvStateProcess,
	"tcp_check_req":            event.CallerCheckReq,
	"__tcp_close":              event.CallerTCPClose,
	"__inet_stream_connect":    event.CallerStreamConnect,
	"inet_csk_listen_stop":     event.CallerListenStop,
	"inet_csk_reqsk_queue_add": event.CallerQueueAdd,
	"tcp_abort":                event.CallerAbort,
}

const kallsyms = "/proc/kallsyms"

// findCallers reads the address ranges from /proc/kallsyms. The result is empty
// where addresses are hidden (kernel.kptr_restrict without CAP_SYSLOG).
func findCallers() []functionRange {
	file, err := os.Open(kallsyms)
	if err != nil {
		return nil
	}
	defer file.Close()
	return parseCallers(file)
}

// parseCallers takes kallsyms lines, "ADDRESS TYPE NAME [MODULE]", of which
// those of the kernel proper come first and in order of address: a function
// ends where the next symbol begins. Parts that the compiler split off
// (tcp_reset.cold) count as the function.
func parseCallers(kallsyms io.Reader) []functionRange {
	var ranges []functionRange
	open := 0 // ranges from here on have no end yet
	lines := bufio.NewReaderSize(kallsyms, 1<<16)
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return ranges[:open]
		}
		address, rest, ok := bytes.Cut(line, []byte(" "))
		if !ok || len(rest) < 3 {
			continue
		}
		caller, wanted := callerOf(rest[2:])
		if !wanted && open == len(ranges) {
			continue
		}
		start, err := strconv.ParseUint(string(address), 16, 64)
		if err != nil || start == 0 {
			return nil
		}
		for open < len(ranges) && ranges[open].Start < start {
			ranges[open].End = start
			open++
		}
		if wanted {
			ranges = append(ranges, functionRange{Start: start, Caller: uint64(caller)})
		}
	}
}

func callerOf(name []byte) (event.Caller, bool) {
	// Most of some hundred thousand names end here.
	if len(name) < 9 || name[0] != 't' && name[0] != 'i' && name[0] != '_' {
		return 0, false
	}
	if end := bytes.IndexAny(name, ".\t\n"); end >= 0 {
		name = name[:end]
	}
	caller, ok := callerNames[string(name)]
	return caller, ok
}
