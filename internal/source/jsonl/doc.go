// Package jsonl reads what the JSON sink wrote: files, pipes, also compressed with
// gzip or zstd. It is a source, as the live tracer is.
//
// The trap to avoid: a file may have been cut off, mixed with other output or
// written by a newer version. A line that cannot be read is reported and counted,
// and the others are read all the same.
package jsonl
