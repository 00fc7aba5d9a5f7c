// Command rsttrace explains every TCP reset of this machine.
package main

import (
	"os"

	"github.com/rsttrace/rsttrace/pkg/lab"
)

func main() {
	if lab.ActorMain() { // one end of a lab scenario: it does not come back
		return
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}
