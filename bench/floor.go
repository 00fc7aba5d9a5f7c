package main

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
)

// The hooks that rsttrace takes in the life of a connection by the attach method
// tracepoint: all of them, and those that counting needs.
var (
	allPlaces   = append([]string{"tcp_destroy_sock", "inet_sk_error_report"}, countPlaces...)
	countPlaces = []string{"tcp_send_reset", "tcp_receive_reset", "kfree_skb", "inet_sock_set_state"}
)

// floor is a tracer of BPF programs that do nothing: what its places cost
// whatever is done there. No tracer in the same places can cost less.
func floor(name string, places []string) tracer {
	return tracer{name: name, start: func(*ground) (running, error) { return attachFloor(places) }}
}

// emptyPrograms are attached programs that do nothing.
type emptyPrograms []interface{ Close() error }

func attachFloor(places []string) (running, error) {
	empty, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name:         "bench_floor",
		Type:         ebpf.RawTracepoint,
		License:      "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
	})
	if err != nil {
		return nil, fmt.Errorf("load a program that does nothing: %w", err)
	}
	attached := emptyPrograms{empty}
	for _, place := range places {
		l, err := link.AttachRawTracepoint(link.RawTracepointOptions{Name: place, Program: empty})
		if err != nil {
			attached.kill()
			return nil, errors.Join(errMissing, fmt.Errorf("%s: %w", place, err))
		}
		attached = append(attached, l)
	}
	return attached, nil
}

func (p emptyPrograms) stop(load, uint64) (account, error) {
	p.kill()
	return account{}, nil
}

func (p emptyPrograms) kill() {
	for _, each := range p {
		each.Close()
	}
}
