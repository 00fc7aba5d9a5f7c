// Package terminal puts the live screen on a terminal.
//
// It draws a few times per second, whatever the stream does: no event is a message to the
// screen. Where the terminal is slow it draws less often, and still answers keys. Only the
// cells that changed are written.
package terminal
