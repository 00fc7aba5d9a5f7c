package main

import (
	"context"
	"os"
	"runtime/debug"
	"time"
)

// memoryLimit is the soft limit of what Go keeps. A long run needs half of
// it. Without a limit, what a flood took for a moment is kept.
const memoryLimit = 32 << 20

// limitMemory sets the limit, unless GOMEMLIMIT does. It is called once everything
// is attached: the types of the kernel, which are read before, take more. They are
// given back.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	debug.FreeOSMemory()
}

const (
	// daemonGCPercent trades a little time for memory: a daemon has much of the first.
	daemonGCPercent = 20
	// tidyInterval is how often a daemon gives memory back that a flood has taken.
	tidyInterval = time.Minute
)

// stayLean keeps a daemon small until ctx ends, unless GOGC says how it shall be.
func stayLean(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(daemonGCPercent)
	tick := time.NewTicker(tidyInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			debug.FreeOSMemory()
		}
	}
}
