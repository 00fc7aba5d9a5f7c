// Package screen is the sink behind the live screen. It knows at every moment what the
// screen may show: totals by cause with their rates, findings, and the last events.
//
// The stream and the screen are two goroutines. The stream gives items to a Sink, which
// takes a lock for each and never waits for the screen. The screen asks for a Snapshot a
// few times per second. A Snapshot does not change, so it can be shown, searched and
// frozen without a lock.
//
// The memory is bounded: EventsMax events, FindingsMax findings, one row per cause.
//
// Package view draws a Snapshot, and package terminal puts it on a terminal.
package screen
