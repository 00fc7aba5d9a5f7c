// Package serve is what rsttrace has when it runs as a daemon: an HTTP server beside the
// tracer, and what tells others that both are well.
//
// The tracer runs in one goroutine and gives everything to Server.Sink. Each request has
// another one. They meet in three places: the counts, which counts.go reads from the
// kernel at most every 100 ms however many ask, the metrics, and the queues of live
// streams.
//
// The trap to avoid: nothing that a client does may make the tracer wait. A stream has a
// queue, and a client that reads too slowly is cut off.
package serve
