package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestTestedKernels: pages name the oldest and the newest kernel of test/vm/kernels,
// which is the only list of them.
func TestTestedKernels(t *testing.T) {
	oldest, newest := testedKernels(t)
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "kernels from " + oldest + " to " + newest + ","; !strings.Contains(string(readme), want) {
		t.Errorf("README.md does not say that the selftest runs on %q", want)
	}
}

// testedKernels are the oldest and the newest version in the first column of the list.
func testedKernels(t *testing.T) (oldest, newest string) {
	t.Helper()
	list, err := os.ReadFile(filepath.Join(root, "test", "vm", "kernels"))
	if err != nil {
		t.Fatal(err)
	}
	least, most := 0, 0
	for _, found := range regexp.MustCompile(`(?m)^(?:[a-z0-9]+-)?(\d+)\.(\d+)\S* .*\b(?:always|asked)$`).FindAllStringSubmatch(string(list), -1) {
		major, _ := strconv.Atoi(found[1])
		minor, _ := strconv.Atoi(found[2])
		const minors = 1000
		version := major*minors + minor
		if least == 0 || version < least {
			least, oldest = version, found[1]+"."+found[2]
		}
		if version > most {
			most, newest = version, found[1]+"."+found[2]
		}
	}
	if least == most {
		t.Fatal("no kernels are found in the list")
	}
	return oldest, newest
}
