// Package jsonl writes events as JSON, one object per line, as
// docs/event-schema.md promises: what is unknown is absent, times are UTC with
// nanoseconds.
//
// The encoder is written by hand, in encode.go. The schema is fixed, and the
// libraries that were measured (encoding/json, go-json-experiment, goccy,
// segmentio) need 4 to 19 allocations per event; this one needs none. The JSON
// tags in package event stay the specification: a test encodes many random
// events both ways and compares them field by field, so the two cannot drift.
//
// The trap to avoid: names of processes are chosen by anybody. Strings go
// through appendString only, which leaves no control character and no invalid
// UTF-8 in the line; the value a JSON parser reads is unchanged (invalid bytes
// become U+FFFD).
package jsonl
