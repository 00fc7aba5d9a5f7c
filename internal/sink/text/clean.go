package text

import "github.com/rsttrace/rsttrace/internal/printable"

// clean is what the terminal and the reader get of text that others chose.
func clean(text string) string { return printable.Text(text) }
