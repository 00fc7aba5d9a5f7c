// Package roottest is what tests share that only root can run.
package roottest

import (
	"os"
	"syscall"
	"testing"
)

// What a test needs root for.
const (
	BPF        = "BPF programs cannot be loaded without CAP_BPF"
	Namespaces = "network namespaces cannot be created without CAP_SYS_ADMIN"
)

// variable makes root skip these tests, too: "make quick" sets it. Tests outside
// pkg/, which cannot import this package, look at it themselves.
const variable = "RSTTRACE_TEST_WITHOUT_ROOT"

// Need skips a test that is not run by root, and says what it needs root for.
func Need(t testing.TB, why string) {
	t.Helper()
	if os.Geteuid() != 0 || os.Getenv(variable) != "" {
		t.Skip("needs root: " + why)
	}
}

// nobody is a user without privileges.
const nobody = 65534

// Unprivileged is what starts a program as a user without privileges, whoever runs the test.
func Unprivileged() *syscall.SysProcAttr {
	if os.Geteuid() != 0 {
		return nil
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}
