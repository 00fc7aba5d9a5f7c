package tracing

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// orphansFor is how long a reading of the limits counts.
const orphansFor = time.Second

// orphans reads what the host has of orphans and of memory for TCP.
type orphans struct {
	proc string
	at   time.Time
	last event.Orphans
}

// complete adds the limits to an event that is about them.
func (o *orphans) complete(e *event.Event, now time.Time) {
	if e.Cause != cause.OrphanLimit {
		return
	}
	if o.at.IsZero() || now.Sub(o.at).Abs() >= orphansFor {
		o.at, o.last = now, readOrphans(o.proc)
	}
	e.Orphans = o.last
}

// readOrphans is all or nothing: a limit without what is used says little.
func readOrphans(proc string) event.Orphans {
	settings := filepath.Join(proc, "sys/net/ipv4")
	limit, known := numbersOf(filepath.Join(settings, "tcp_max_orphans"), 1)
	memory, knowsMemory := numbersOf(filepath.Join(settings, "tcp_mem"), 3)
	text, err := os.ReadFile(filepath.Join(proc, "net/sockstat"))
	if !known || !knowsMemory || err != nil {
		return event.Orphans{}
	}
	used := socketStatistics(string(text))
	open, countsOrphans := used["orphan"]
	pages, countsPages := used["mem"]
	if !countsOrphans || !countsPages {
		return event.Orphans{}
	}
	return event.Orphans{Known: true, Limit: limit[0], Open: open, MemoryLimit: memory[2], Memory: pages}
}

// numbersOf reads a file that has so many numbers.
func numbersOf(path string, count int) (numbers []uint64, ok bool) {
	text, err := os.ReadFile(path)
	fields := strings.Fields(string(text))
	if err != nil || len(fields) != count {
		return nil, false
	}
	for _, field := range fields {
		n, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return nil, false
		}
		numbers = append(numbers, n)
	}
	return numbers, true
}

// socketStatistics reads the line of TCP: "TCP: inuse 5 orphan 0 tw 0 alloc 7 mem 1".
func socketStatistics(text string) map[string]uint64 {
	used := make(map[string]uint64)
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "TCP:" {
			continue
		}
		for i := 1; i+1 < len(fields); i += 2 {
			if n, err := strconv.ParseUint(fields[i+1], 10, 64); err == nil {
				used[fields[i]] = n
			}
		}
	}
	return used
}
