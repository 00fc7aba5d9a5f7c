package probe

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"strconv"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// functionRange is where the code of a function stands, and what it is called
// in evidence.
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
	"tcp_v4_rcv":               event.CallerRcv,
	"tcp_v6_rcv":               event.CallerRcv,
	"tcp_v4_do_rcv":            event.CallerDoRcv,
	"tcp_v6_do_rcv":            event.CallerDoRcv,
}

// symbols is what the loader needs from kallsyms.
type symbols struct {
	callers []functionRange
	// functions are those of hooks that are there, built in or in a module, by
	// their name without what the compiler added. Names are never hidden, only
	// addresses.
	functions map[string][]string
	// challenges: handshakeChallenge is there.
	challenges bool
	err        error // why they could not be read
}

const kallsyms = "/proc/kallsyms"

// findSymbols reads addresses from /proc/kallsyms. The result is empty where
// they are hidden (kernel.kptr_restrict without CAP_SYSLOG).
func findSymbols() symbols {
	file, err := os.Open(kallsyms)
	if err != nil {
		return symbols{err: err}
	}
	defer file.Close()
	return parseSymbols(file)
}

// parseSymbols takes kallsyms lines, "ADDRESS TYPE NAME [MODULE]", of which
// those of the kernel proper come first and in order of address: a function
// ends where the next symbol begins. Parts that the compiler split off
// (tcp_reset.cold) count as the function.
func parseSymbols(kallsyms io.Reader) (found symbols) {
	found.functions = make(map[string][]string)
	hooked := hookedFunctions()
	var ranges []functionRange
	hidden := false
	open := 0 // ranges from here on have no end yet
	lines := bufio.NewReaderSize(kallsyms, 1<<16)
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			found.callers = ranges[:open]
			if !errors.Is(err, io.EOF) {
				found.err = err
			}
			return found
		}
		address, rest, ok := bytes.Cut(line, []byte(" "))
		if !ok || len(rest) < 3 {
			continue
		}
		name := rest[2:]
		if bytes.HasPrefix(name, rejectPrefix) || bytes.HasPrefix(name, tcpPrefix) {
			if base := string(withoutSuffix(name)); hooked[base] {
				found.functions[base] = append(found.functions[base], string(name[:bytes.IndexAny(name, "\t\n")]))
			}
		}
		if bytes.HasPrefix(name, challengePrefix) && string(withoutSuffix(name)) == handshakeChallenge {
			found.challenges = true
		}
		caller, wanted := callerOf(name)
		if hidden || !wanted && open == len(ranges) {
			continue
		}
		start, err := strconv.ParseUint(string(address), 16, 64)
		if err != nil || start == 0 {
			hidden, ranges, open = true, nil, 0
			continue
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

// These begin the names of all functions that are hooked.
var rejectPrefix, tcpPrefix = []byte("nf_"), []byte("tcp_")

func hookedFunctions() map[string]bool {
	names := make(map[string]bool)
	for id := range hooks {
		for _, name := range hooks[id].functions {
			names[withoutClone(name)] = true
		}
	}
	return names
}

var challengePrefix = []byte(handshakeChallenge)

// withoutSuffix is a name without the rest of its line, and without what the
// compiler added to it: ".isra.0".
func withoutSuffix(name []byte) []byte {
	if end := bytes.IndexAny(name, ".\t\n"); end >= 0 {
		return name[:end]
	}
	return name
}

func callerOf(name []byte) (event.Caller, bool) {
	// Nearly all of some hundred thousand names end here.
	bare := bytes.TrimPrefix(name, []byte("__"))
	if !bytes.HasPrefix(bare, []byte("tcp_")) && !bytes.HasPrefix(bare, []byte("inet_")) {
		return 0, false
	}
	caller, ok := callerNames[string(withoutSuffix(name))]
	return caller, ok
}
