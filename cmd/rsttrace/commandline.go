package main

import "github.com/spf13/pflag"

// commandLine is what flags were set to, so that other flags of the same names can be set
// to it, too.
type commandLine struct {
	order []string
	texts map[string][]string
}

// watchLine notes from now on what the flags of a set are set to.
func watchLine(flags *pflag.FlagSet) *commandLine {
	line := &commandLine{texts: make(map[string][]string)}
	flags.VisitAll(func(flag *pflag.Flag) {
		flag.Value = &watched{Value: flag.Value, name: flag.Name, line: line}
		if flag.DefValue == "0s" {
			flag.DefValue = "" // help leaves out a default that says nothing only of the types that it knows
		}
	})
	return line
}

func (l *commandLine) gave(name string) bool { return len(l.texts[name]) > 0 }

// repeat sets the flags of another set.
func (l *commandLine) repeat(flags *pflag.FlagSet) error {
	for _, name := range l.order {
		for _, text := range l.texts[name] {
			if err := flags.Set(name, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// watched is the value of a flag that is noted.
type watched struct {
	pflag.Value
	name string
	line *commandLine
}

// Set is part of pflag.Value.
func (w *watched) Set(text string) error {
	if err := w.Value.Set(text); err != nil {
		return err
	}
	if !w.line.gave(w.name) {
		w.line.order = append(w.line.order, w.name)
	}
	w.line.texts[w.name] = append(w.line.texts[w.name], text)
	return nil
}
