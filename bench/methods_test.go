package main

import (
	"os"
	"regexp"
	"testing"
)

// TestGuestIsListed: the virtual machine of the bench is one of test/vm/kernels, which
// is the only list of them.
func TestGuestIsListed(t *testing.T) {
	list, err := os.ReadFile("../test/vm/kernels")
	if err != nil {
		t.Fatal(err)
	}
	for _, arch := range []string{"amd64", "arm64"} {
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(guest(arch)) + ` +` + arch + ` `).Match(list) {
			t.Errorf("%s has no kernel %s", arch, guest(arch))
		}
	}
}
