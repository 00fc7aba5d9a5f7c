package view

import (
	"time"

	"github.com/rsttrace/rsttrace/internal/playback"
	"github.com/rsttrace/rsttrace/internal/sink/screen"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Request is what a key asks for that a State cannot do.
type Request any

// Quit ends the screen.
type Quit struct{}

// Suspend gives the terminal back to the shell for a while.
type Suspend struct{}

// Redraw draws the whole screen.
type Redraw struct{}

// Show shows only what a filter matches.
type Show struct{ Filter screen.Filter }

// Write writes events, and the findings that they belong to, into a file.
type Write struct {
	Path     string
	Events   []*event.Event // the oldest first
	Findings []screen.Finding
}

// Seek goes to a moment of a recording.
type Seek struct{ To time.Time }

// Play lets the time of a recording pass, or stops it.
type Play struct{ On bool }

// Playback is how far a recording is.
type Playback struct {
	playback.State
	Playing bool
}
