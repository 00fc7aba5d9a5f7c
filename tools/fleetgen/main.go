// fleetgen writes what the tracers of a fleet that does not exist would write, as JSON lines:
// all to the standard output, or a file for each host into a folder. docs/fleet.md has numbers
// that were measured with it.
//
//	go run ./tools/fleetgen -hosts 100 -events 10000000 | rsttrace join -
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rsttrace/rsttrace/internal/fleet"
	"github.com/rsttrace/rsttrace/internal/sink/jsonl"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "fleetgen: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	var o fleet.Options
	flag.IntVar(&o.Hosts, "hosts", 100, "how many hosts")
	flag.IntVar(&o.Events, "events", 1_000_000, "about how many events")
	flag.IntVar(&o.Rate, "rate", 2000, "RSTs a second")
	flag.Uint64Var(&o.Seed, "seed", 1, "the same one gives the same fleet")
	start := flag.String("start", "2026-03-03T03:00:00Z", "when it begins")
	folder := flag.String("folder", "", "write a file for each host into this folder")
	flag.Parse()
	var err error
	if o.Start, err = time.Parse(time.RFC3339, *start); err != nil {
		return err
	}
	if *folder == "" {
		out := jsonl.New(os.Stdout, jsonl.Options{})
		if err := fleet.Run(o, out); err != nil {
			return err
		}
		return out.Flush(time.Time{})
	}
	return files(o, *folder)
}

func files(o fleet.Options, folder string) (err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	var open []*os.File
	sinks := make(map[string]*jsonl.Sink)
	err = fleet.RunEach(o, func(host string) event.Sink {
		file, failed := os.Create(filepath.Join(folder, host+".jsonl"))
		if failed != nil {
			err = failed
			return event.NopSink{}
		}
		open, sinks[host] = append(open, file), jsonl.New(file, jsonl.Options{})
		return sinks[host]
	})
	for _, sink := range sinks {
		if failed := sink.Flush(time.Time{}); err == nil {
			err = failed
		}
	}
	for _, file := range open {
		if failed := file.Close(); err == nil {
			err = failed
		}
	}
	return err
}
