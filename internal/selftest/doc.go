// Package selftest plays every scenario of the lab under a live tracer and
// holds the events against what must have been reported: by the scenario, by
// the kernel's own counters, and by a packet capture, RST by RST.
//
// The trap to avoid: an event that is missing because this kernel cannot show
// it is not a success. It is expected to be missing, by the limits of package
// probe, and the run fails when it appears all the same.
package selftest
