// Package roottest is what tests share that only root can run.
package roottest

import (
	"os"
	"testing"
)

// What a test needs root for.
const (
	BPF        = "BPF programs cannot be loaded without CAP_BPF"
	Namespaces = "network namespaces cannot be created without CAP_SYS_ADMIN"
)

// Need skips a test that is not run by root, and says what it needs root for.
func Need(t testing.TB, why string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: " + why)
	}
}
