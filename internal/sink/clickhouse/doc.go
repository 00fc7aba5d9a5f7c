// Package clickhouse writes lines of JSON into a table of ClickHouse, by its HTTP interface.
// deploy/clickhouse has the table.
//
// Lines go in batches and in order (package posted). Each batch has a token of its own, so
// the server takes a batch once that was sent twice because an answer was lost. A queue
// belongs in front of this sink (package queued).
//
// The trap to avoid: nearly every error of the server passes. A table is not there yet, a
// password is being changed, or there is too much to merge. So a batch is given up only if
// the server cannot read it.
package clickhouse
