package main

import (
	"bufio"
	"context"
	"os"
	"testing"

	source "github.com/rsttrace/rsttrace/internal/source/pcapng"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// checkPackets wants each RST of a closed port to have the SYN that it answers, as it was on
// the wire.
func checkPackets(t *testing.T, path, address string) {
	t.Helper()
	file, err := os.Open(path)
	must(t, err)
	defer file.Close()
	checked := 0
	for e, err := range event.Events(context.Background(), &source.Source{Name: path, Input: bufio.NewReader(file)}) {
		must(t, err)
		if e.Dir != event.Sent {
			continue
		}
		syn := e.Frames.Trigger
		if len(syn.Data) != 60 || syn.Length != 60 || syn.Ifname != "lo" || syn.Data[33] != byte(event.SYN) {
			t.Errorf("%+v", syn)
		}
		checked++
	}
	if checked != 5 {
		t.Errorf("%d RSTs were sent by %s", checked, address)
	}
}
