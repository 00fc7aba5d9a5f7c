// Package bpf holds rsttrace's kernel programs, compiled, and their loaders.
//
// There is one object per attach method (fentry, kprobe, tracepoint), each a
// thin file over the same headers, one for the context hooks and iterators, and
// one for the drop hook, which are always tracepoints. One more is for a test. The
// compiled objects are
// committed so that building rsttrace needs no clang; "make generate" compiles
// them again.
//
// The trap to avoid: the maps are declared in headers, so each object has its
// own copy of their definitions. The loader (package probe) creates them once
// and gives them to all objects.
package bpf

//go:generate go tool bpf2go -output-stem context -target bpfel -no-global-types -type process -type evidence -type reset_record -type holder_record -type module_record -type signal_record -type error_record -type payload_record -type cgroup_record -type frame_record -type command_record -type listener_note -type column_key -type record_kind -type hook -type socket_kind -type caller -type fact -type column -type ended_by -type role -type search -type found_holder Context context.bpf.c
//go:generate go tool bpf2go -output-stem drops -target bpfel -no-global-types Drops drops.bpf.c
//go:generate go tool bpf2go -output-stem fentry -target bpfel -no-global-types -type function_range -type port_range -type prefix -type top_key -type top_set -type top -type netns_cell Fentry fentry.bpf.c
//go:generate go tool bpf2go -output-stem kprobe -target amd64,arm64 -no-global-types Kprobe kprobe.bpf.c
//go:generate go tool bpf2go -output-stem tracepoint -target bpfel -no-global-types Tracepoint tracepoint.bpf.c
//go:generate go tool bpf2go -output-stem predicates -target bpfel -no-global-types Predicates predicates.bpf.c
