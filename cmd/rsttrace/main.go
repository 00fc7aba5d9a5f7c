// Command rsttrace explains every TCP reset of this machine.
package main

import (
	"os"
	"runtime"

	"github.com/rsttrace/rsttrace/pkg/lab"
)

func main() {
	if lab.ActorMain() { // one end of a lab scenario: it does not come back
		return
	}
	runtime.MemProfileRate = 0 // until somebody can ask for a profile: it takes 1.5 MB
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}
