package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/rsttrace/rsttrace/internal/cgroup"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// reportAbsent prints a line for each unit, container and pod of the filter that
// is not here. That is no error: it may be what is about to be started.
func reportAbsent(ctx context.Context, stderr io.Writer, wanted *filter.Filter) {
	if !wanted.Mentions("unit", "container", "pod") {
		return
	}
	const patience = time.Second // of who starts rsttrace
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	owners, named, err := cgroup.Living(ctx, "")
	if err != nil {
		fmt.Fprintf(stderr, "rsttrace: cannot check whether what is asked for is here: %v\n", err)
		return
	}
	for _, text := range wanted.Absent(owners, named) {
		fmt.Fprintf(stderr, "rsttrace: %s (its events are shown once there is one)\n", text)
	}
}
