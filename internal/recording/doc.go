// Package recording keeps what the selftest saw on real kernels, so that the
// classifier and the audit are tested against all of them in milliseconds and
// without any.
//
// testdata has one file per kernel and attach method, KERNEL-METHOD.json:
//
//   - what ran: kernel release, architecture, how each hook was reached, the
//     limits of package probe that hold there;
//   - the evidence of every event with its verdict, each kind of evidence once,
//     under an id that is made from its content;
//   - per scenario, address family and network namespace: which events were
//     due and which evidence answered each, which were hidden and by which
//     limit, and how much the kernel's counters grew. Counters that stood still
//     are left out; those that the kernel has are listed at the top.
//
// Nothing in it depends on the moment: no pids, ports, addresses or times, all
// sorted. Recording again without a reason to differ gives the same bytes.
//
// "make record" boots the kernels and is the only thing that writes the files;
// where a single scenario fails it writes none. The trap to avoid: editing one
// by hand. Evidence that no longer fits its id is refused by Replay.
package recording
