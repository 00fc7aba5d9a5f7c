package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rsttrace/rsttrace/pkg/filter"
)

// filterFlag is the filter of a command whose arguments are files: there it is a flag.
type filterFlag struct{ text string }

func (w *filterFlag) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.text, "filter", "", "only these events: 'sent and port 443'; rsttrace explain filter lists the fields")
}

// with is the filter of this flag and of those that have parts of one.
func (w *filterFlag) with(cmd *cobra.Command, parts *filterFlags, known filter.Vocabulary) (*filter.Filter, error) {
	var written []string
	if cmd.Flags().Changed("filter") {
		if strings.TrimSpace(w.text) == "" {
			return nil, usageError{errors.New("--filter: must not be empty")}
		}
		written = append(written, w.text)
	}
	return parts.filter(written, known)
}

// ofRecording shows all directions where none is asked for: a recording has what its run was
// asked for.
func (f *filterFlags) ofRecording() {
	if !f.dirs.given {
		f.dirs.values = []string{"all"}
	}
}
