package main

import (
	"os"
	"path/filepath"
)

// recording is rsttrace that writes each RST as a packet, too.
func recording(program string) tracer {
	return tracer{name: "rsttrace -w FILE", start: func(*loadns) (running, error) {
		folder, err := os.MkdirTemp("", "rsttrace-bench")
		if err != nil {
			return nil, err
		}
		r, err := startRsttrace(program, "-w", filepath.Join(folder, "recording.pcapng"))
		if err != nil {
			_ = os.RemoveAll(folder) // the first error is the one that tells
			return nil, err
		}
		return &runningRecording{r, folder}, nil
	}}
}

// runningRecording is the program, attached, and where its file is.
type runningRecording struct {
	*runningRsttrace
	folder string
}

func (r *runningRecording) kill() {
	r.runningRsttrace.kill()
	_ = os.RemoveAll(r.folder)
}

func (r *runningRecording) stop(l load, operations uint64) (account, error) {
	defer os.RemoveAll(r.folder)
	return r.runningRsttrace.stop(l, operations)
}
