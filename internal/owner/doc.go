// Package owner names the process that a reset socket belongs to, and says how
// that is known.
//
// The record names the process where the reset happened in its own system call
// (current) or where it closed the connection earlier (closer). Else the socket
// is alive and its owner is looked for: in the file tables, or in the process
// that closes it next. A connection that nobody has accepted belongs to who
// holds its listener. Where somebody else destroyed the socket, the record
// names that one, and the owner is looked for all the same. Where all of that
// finds nobody, the process that called connect is named.
//
// The trap to avoid: in softirq the running process is whoever was interrupted.
// On loopback that is the client, running the server's code.
package owner
