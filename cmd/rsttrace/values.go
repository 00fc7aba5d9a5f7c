package main

import (
	"errors"
	"strings"
)

// listFlag is a flag that can be given several times. It keeps each value as it
// was typed, also an empty one: package filter splits them, and refuses what is
// empty.
type listFlag struct {
	values []string
	given  bool // not only the default
}

// Repeats says that it can be given several times.
func (l *listFlag) Repeats() {}

func (l *listFlag) Type() string   { return "list" }
func (l *listFlag) String() string { return strings.Join(l.values, ",") }

func (l *listFlag) Set(text string) error {
	if !l.given {
		l.values, l.given = nil, true
	}
	l.values = append(l.values, text)
	return nil
}

// pathFlag is the path of a file or folder. An empty one is a mistake: as a rule
// a variable that is not set.
type pathFlag struct {
	kind string // "file" or "folder"
	path string
}

func (p *pathFlag) Type() string   { return p.kind }
func (p *pathFlag) String() string { return p.path }

func (p *pathFlag) Set(text string) error {
	if text == "" {
		return errors.New("must not be empty")
	}
	if strings.ContainsRune(text, 0) {
		return errors.New("no path holds a zero byte")
	}
	p.path = text
	return nil
}
