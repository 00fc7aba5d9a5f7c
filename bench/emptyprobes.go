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
	allHooks      = append([]string{"tcp_destroy_sock", "inet_sk_error_report"}, countingHooks...)
	countingHooks = []string{"tcp_send_reset", "tcp_receive_reset", "kfree_skb", "inet_sock_set_state"}
)

// emptyProbes is a tracer of BPF programs that do nothing: it costs what its hooks
// cost without any work. No tracer with the same hooks can cost less.
func emptyProbes(name string, hooks []string) tracer {
	return tracer{name: name, start: func(*loadns) (running, error) { return attachEmptyProbes(hooks) }}
}

// attachedEmptyProbes are attached programs that do nothing.
type attachedEmptyProbes []interface{ Close() error }

func attachEmptyProbes(hooks []string) (running, error) {
	empty, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name:         "bench_floor",
		Type:         ebpf.RawTracepoint,
		License:      "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
	})
	if err != nil {
		return nil, fmt.Errorf("load a program that does nothing: %w", err)
	}
	attached := attachedEmptyProbes{empty}
	for _, hook := range hooks {
		l, err := link.AttachRawTracepoint(link.RawTracepointOptions{Name: hook, Program: empty})
		if err != nil {
			attached.kill()
			return nil, errors.Join(errMissing, fmt.Errorf("%s: %w", hook, err))
		}
		attached = append(attached, l)
	}
	return attached, nil
}

func (p attachedEmptyProbes) stop(load, uint64) (account, error) {
	p.kill()
	return account{}, nil
}

func (p attachedEmptyProbes) kill() {
	for _, each := range p {
		each.Close()
	}
}
