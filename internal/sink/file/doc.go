// Package file writes JSON lines to a file that is left alone for months. The file has a
// size limit, older files have numbers, and it is opened again after logrotate has moved
// it.
//
// A file has whole lines only. If the disk is full, Event and Flush return a
// *sink.RetryError: nothing is half written, and the line comes later. So a queue belongs
// in front of it (package queued).
//
// The trap to avoid: the size is asked for before each write and never added up. Somebody
// else may have cut the file meanwhile.
package file
