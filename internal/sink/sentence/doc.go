// Package sentence says each item in one line: what a person reads first of an entry in a
// journal, a log engine or a recording.
//
// Names of processes are chosen by anybody: no sentence has a control character or a line
// break.
package sentence
