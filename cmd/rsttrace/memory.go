package main

import (
	"os"
	"runtime/debug"
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
