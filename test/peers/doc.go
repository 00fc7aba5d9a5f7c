// Package peers runs rsttrace serve together with the programs that read from it:
// Prometheus, Alertmanager, node_exporter and journald of Debian, VictoriaLogs and
// ClickHouse. It also runs the program that rsttrace asks for names of pods: containerd.
// They are unpacked and not installed, listen on loopback, and end with their
// test.
//
// Resets are those of the lab, so it is known which numbers are right.
//
// The trap to avoid: rsttrace counts the resets of the whole host. Tests here run one at a
// time, and a number is compared again if something else on the host was reset meanwhile.
package peers
