package sink

import (
	"fmt"
	"time"
)

// RetryError says that a sink cannot go on now: a disk is full, a server is away. It has
// not taken the item, and what it had taken before is safe. The same call may work later.
type RetryError struct {
	Err error
	// After is how long it asked to be left alone, 0: it did not say.
	After time.Duration
}

func (e *RetryError) Error() string { return e.Err.Error() }

// Unwrap returns what is in the way.
func (e *RetryError) Unwrap() error { return e.Err }

// LostError says that a sink gave up items that it had taken.
type LostError struct {
	Items uint64
	Err   error
}

func (e *LostError) Error() string {
	if e.Items == 1 {
		return fmt.Sprintf("1 line lost: %v", e.Err)
	}
	return fmt.Sprintf("%d lines lost: %v", e.Items, e.Err)
}

// Unwrap returns why.
func (e *LostError) Unwrap() error { return e.Err }
