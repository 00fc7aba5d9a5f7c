package bpf_test

import (
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"

	"github.com/rsttrace/rsttrace/bpf"
)

// stackMax is MAX_BPF_STACK. Before Linux 6.13 all functions that are on the way
// at once share it; since then each has as much (bpf_enable_private_stack), so
// that running the programs there proves nothing.
const stackMax = 512

func TestStack(t *testing.T) {
	for name, load := range map[string]func() (*ebpf.CollectionSpec, error){
		"context": bpf.LoadContext, "drops": bpf.LoadDrops, "fentry": bpf.LoadFentry, "kprobe": bpf.LoadKprobe, "tracepoint": bpf.LoadTracepoint,
	} {
		t.Run(name, func(t *testing.T) {
			object, err := load()
			if err != nil {
				t.Fatal(err)
			}
			for _, program := range object.Programs {
				functions := functionsOf(program.Instructions)
				if deepest := functions.depth(program.Name); deepest > stackMax {
					t.Errorf("%s needs %d bytes of stack, there are %d; frames: %v", program.Name, deepest, stackMax, functions.frames())
				}
			}
		})
	}
}

// function is what one function needs for itself, and whom it calls.
type function struct {
	frame int
	calls map[string]bool
}

type functions map[string]*function

func (f functions) frames() map[string]int {
	frames := make(map[string]int)
	for name, one := range f {
		frames[name] = one.frame
	}
	return frames
}

func functionsOf(program asm.Instructions) functions {
	all := make(functions)
	var current *function
	var before asm.Instruction
	for _, ins := range program {
		if name := ins.Symbol(); name != "" {
			current = &function{calls: make(map[string]bool)}
			all[name] = current
		}
		current.frame = max(current.frame, reach(before, ins))
		if ins.IsFunctionCall() {
			current.calls[ins.Reference()] = true
		}
		before = ins
	}
	return all
}

// reach is how far down its frame an instruction goes: by a load or a store, or
// by making an address (mov r1, r10; add r1, -16).
func reach(before, ins asm.Instruction) int {
	switch {
	case ins.OpCode.Class() == asm.LdXClass && ins.Src == asm.RFP,
		(ins.OpCode.Class() == asm.StClass || ins.OpCode.Class() == asm.StXClass) && ins.Dst == asm.RFP:
		return -int(ins.Offset)
	case ins.OpCode.ALUOp() == asm.Add && ins.OpCode.Source() == asm.ImmSource && ins.OpCode.Class().IsALU() &&
		before.OpCode.ALUOp() == asm.Mov && before.OpCode.Class().IsALU() && before.Src == asm.RFP && before.Dst == ins.Dst:
		return -int(ins.Constant)
	}
	return 0
}

// depth is what a function and those it calls need at most, as the verifier adds
// it up (check_max_stack_depth).
func (f functions) depth(name string) int {
	const unit = 32
	self, deepest := f[name], 0
	for called := range self.calls {
		deepest = max(deepest, f.depth(called))
	}
	return (max(self.frame, 1)+unit-1)/unit*unit + deepest
}
