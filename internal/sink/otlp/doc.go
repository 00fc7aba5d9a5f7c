// Package otlp sends items as log records of OpenTelemetry: OTLP over HTTP, as protobuf.
//
// The few messages are encoded by hand. The SDK for logs with its exporter is 5 MB of
// program, and its interface is not stable. A test decodes what is sent with the official
// types.
//
// Records go in batches and in order. What the protocol calls retryable is a
// *sink.RetryError: the batch stays, and the same call sends it again. A queue belongs in
// front of this sink (package queued).
//
// The trap to avoid: a string of protobuf must be valid UTF-8, or a server refuses the
// whole batch. Names of processes are chosen by anybody.
package otlp
