package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rsttrace/rsttrace/internal/nearest"
	"github.com/rsttrace/rsttrace/internal/serve"
	"github.com/rsttrace/rsttrace/internal/yamlflags"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// sinkType is where the events of a daemon can be written to. A new one is a package below
// internal/sink and a row of sinkTypes: help, errors and documentation come from the table.
type sinkType struct {
	name, help string
	options    []sinkOption
	delay      time.Duration // for how long an item may wait for others to be sent with it
	open       func(o sinkOptions, to sinkPlace) (event.Sink, error)
}

// sinkOption is a key of a sink.
type sinkOption struct {
	name, help string
	example    string
	needed     bool
	check      func(text string) error // nil: any text is right
	secret     bool                    // no message repeats it
}

// sinkPlace is what sinks have from the command.
type sinkPlace struct {
	stdout io.Writer
	host   event.Host
}

func sinkTypeNames() (names []string) {
	for _, t := range sinkTypes {
		names = append(names, t.name)
	}
	return names
}

// sinkHelp lists the types in a sentence of the help.
func sinkHelp() string {
	var parts []string
	for _, t := range sinkTypes {
		parts = append(parts, t.name+" ("+t.help+")")
	}
	return strings.Join(parts, ", ")
}

// sinkOptions are the keys of a sink with their values.
type sinkOptions map[string]string

// String is the same for the same options.
func (o sinkOptions) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(o)) {
		parts = append(parts, name+": "+strconv.Quote(o[name]))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// label is the name of the sink in the metrics.
func (o sinkOptions) label() string {
	if name := o["name"]; name != "" {
		return name
	}
	return o["type"]
}

func (o sinkOptions) row() (sinkType, bool) {
	at := slices.IndexFunc(sinkTypes, func(t sinkType) bool { return t.name == o["type"] })
	if at < 0 {
		return sinkType{}, false
	}
	return sinkTypes[at], true
}

// check finds what is wrong with one sink.
func (o sinkOptions) check() error {
	row, known := o.row()
	if !known {
		return fmt.Errorf("type: want one of %s", strings.Join(sinkTypeNames(), ", "))
	}
	options := slices.Concat(commonSinkOptions, row.options)
	var names []string
	for _, option := range options {
		names = append(names, option.name)
		value, given := o[option.name]
		switch {
		case option.needed && value == "":
			return fmt.Errorf("a sink of type %s needs %s, such as %s: %s", row.name, option.name, option.name, option.example)
		case given && value == "":
			return fmt.Errorf("%s: must not be empty", option.name)
		case given && option.check != nil:
			switch err := option.check(value); {
			case err != nil && option.secret:
				return fmt.Errorf("%s: %w", option.name, err)
			case err != nil:
				return fmt.Errorf("%s: %q: %w", option.name, value, err)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if slices.Contains(names, name) {
			continue
		}
		text := fmt.Sprintf("a sink of type %s has no %s: there are %s", row.name, name, strings.Join(names, ", "))
		if near := nearest.Suggest(name, names, nil); len(near) > 0 {
			text = fmt.Sprintf("a sink of type %s has no %s; did you mean %s?", row.name, name, near[0])
		}
		return errors.New(text)
	}
	return nil
}

// sinksFlag is --sink, and sinks in the file.
type sinksFlag struct{ sinks []sinkOptions }

// Type is part of pflag.Value.
func (s *sinksFlag) Type() string { return "sink" }

// Repeats says that there can be several.
func (s *sinksFlag) Repeats() {}

func (s *sinksFlag) String() string { return strings.Join(s.specs(), " ") }

// Set adds a sink.
func (s *sinksFlag) Set(text string) error {
	if !strings.Contains(text, ":") {
		return errors.New("want keys and values, such as type: file, path: /var/log/rsttrace/resets.jsonl")
	}
	values, err := yamlflags.ParseMap(text)
	if err != nil {
		return err
	}
	if err := sinkOptions(values).check(); err != nil {
		return err
	}
	s.sinks = append(s.sinks, values)
	return nil
}

func (s *sinksFlag) specs() (specs []string) {
	for _, o := range s.sinks {
		specs = append(specs, o.String())
	}
	return specs
}

// check finds two sinks that the metrics could not distinguish, or that write to one file.
func (s *sinksFlag) check() error {
	seen := make(map[string]bool)
	for _, o := range s.sinks {
		if seen[o.label()] {
			return usageError{fmt.Errorf("--sink: two sinks are called %s; give one of them a name, such as name: %s-2", o.label(), o.label())}
		}
		seen[o.label()] = true
	}
	files := make(map[string]bool)
	for _, o := range s.sinks {
		if path := o["path"]; path != "" {
			if path = filepath.Clean(path); files[path] {
				return usageError{fmt.Errorf("--sink: two sinks write to %s; give each its own file", path)}
			}
			files[path] = true
		}
	}
	return nil
}

// open opens the sink that has a text of specs.
func (s *sinksFlag) open(spec string, to sinkPlace) (serve.Output, error) {
	at := slices.Index(s.specs(), spec)
	o := s.sinks[at]
	row, _ := o.row()
	wanted, err := filter.Parse(o["filter"], thisHost())
	if err != nil {
		return serve.Output{}, fmt.Errorf("sink %s: %w", o.label(), err)
	}
	opened, err := row.open(o, to)
	if err != nil {
		return serve.Output{}, fmt.Errorf("sink %s: %w", o.label(), err)
	}
	return serve.Output{Name: o.label(), Spec: spec, Sink: opened, Filter: wanted, Delay: row.delay}, nil
}
