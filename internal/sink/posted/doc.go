// Package posted sends items to a server in batches, by HTTP. It is what the sinks for
// OTLP and for ClickHouse have in common: gzip, certificates, passwords, and what follows
// from the answer of a server.
//
// Items stay in order. A batch that can be sent again later stays, and its error is a
// *sink.RetryError: the same call sends it again. A batch that cannot be sent is counted in
// a *sink.LostError. A queue belongs in front of such a sink (package queued).
//
// The trap to avoid: a URL, or what a server answers, may have a password in it, or
// characters that a terminal obeys. No error shows either.
package posted
