// Package private is not for others.
package private

// T is such a type.
type T struct{}
