// Package queued is a stage for sinks that may be slow or away: a bounded queue, and a
// goroutine that gives its items to the sink behind it.
//
// Whoever feeds the stage never waits and never gets an error. A sink that cannot go on
// returns a *sink.RetryError, and gets the same call again later, in ever longer
// intervals. So nothing is lost until the queue is full. What finds no room then is
// dropped, counted, and said: in one line for people, and by a Loss at its place in the
// stream.
//
// The trap to avoid: the sink behind the stage runs in another goroutine. Whatever else it
// offers, such as to reopen a file, it must make safe itself.
package queued
