// Package metrics counts what flows, for Prometheus. A Sink is both: an event.Sink in the
// goroutine of the tracer, and a prometheus.Collector in those of the scrapers.
//
// families.go is the table of all metrics: their names, labels and help. The exact counts
// come from the kernel at each scrape, by the interface Kernel. All others come from the
// events that the sink gets.
//
// # The number of series is bounded
//
// No label has an address, a pid, a port of a client or the name of a pod. A label whose
// values others can choose has room for a fixed number of series. What comes when there is
// no room is counted with the value "other".
//
// # A new series begins with 0
//
// increase() compares numbers, so it does not see a series that appears with 1. Series that
// can be foreseen are there from the start. Any other is 0 in the first scrape that has it,
// and has its number from the second scrape on.
//
// The trap to avoid: a counter must never become smaller, and nothing may be counted twice.
// So a series that gives way is not added to "other". From then on it is counted there.
package metrics
