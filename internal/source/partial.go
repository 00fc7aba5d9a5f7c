// Package source has what the sources of files share. Each is a package below it.
package source

// PartialError says that a file could not be read to its end, or not all of it. What could
// be read has reached the sink, so the next file can follow.
type PartialError struct {
	Name string
	Err  error
}

func (e *PartialError) Error() string { return e.Name + ": " + e.Err.Error() }

// Unwrap returns what is wrong with the file.
func (e *PartialError) Unwrap() error { return e.Err }
