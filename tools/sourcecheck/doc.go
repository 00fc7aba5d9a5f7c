// Package sourcecheck has the tests of the source as a whole: that comments name what
// exists, and that the race detector runs wherever something is concurrent.
package sourcecheck
