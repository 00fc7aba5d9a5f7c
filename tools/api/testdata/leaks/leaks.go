// Package leaks mentions what is internal in all ways that there are.
package leaks

import "github.com/rsttrace/rsttrace/tools/api/testdata/leaks/internal/private"

// Alias is another name.
type Alias = private.T

// T has it in a field and a method.
type T struct {
	Field []private.T
	ours  private.T
}

// Method returns it.
func (t T) Method() map[string]*private.T { return map[string]*private.T{"": &t.ours} }

// Function takes it.
func Function(func(private.T)) {}

// Variable has it.
var Variable chan private.T
