// Command fullrun keeps the result of "make test-all", which takes hours, as a
// page, together with the code that it is about. So a release can be refused
// whose code was never tested in full.
//
//	fullrun code ROOT             prints a line with a hash for each part of the code
//	fullrun write CODE TOTAL PAGE writes the page: CODE is from before the run, TOTAL from tally
//	fullrun check PAGE ROOT       fails if the page is about other code, or tests had failed
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "fullrun:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	const codeArgs, writeArgs, checkArgs = 2, 4, 3
	switch {
	case len(args) == codeArgs && args[0] == "code":
		c, err := codeOf(args[1])
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "commit %s\n%s", commit(args[1]), c)
		return err
	case len(args) == writeArgs && args[0] == "write":
		return write(args[1], args[2], args[3], time.Now())
	case len(args) == checkArgs && args[0] == "check":
		return check(args[1], args[2])
	}
	return fmt.Errorf("usage: fullrun code ROOT | write CODE TOTAL PAGE | check PAGE ROOT")
}

// commit names the commit, and says if files differ from it.
func commit(root string) string {
	name, err := exec.Command("git", "-C", root, "describe", "--always", "--dirty=, with changes", "--exclude=*").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(name))
}
