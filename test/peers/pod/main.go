// pod is the only program of an image for tests: all that runs in a pod of containerd_test.go.
//
//	pod pause        waits, as the sandbox of a pod does
//	pod reset ADDR   listens there, and resets one of its own connections after another
package main

import (
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	if len(os.Args) < 3 {
		_ = unix.Pause() // until a signal ends it
		return
	}
	fmt.Fprintln(os.Stderr, reset(os.Args[2]))
	os.Exit(1)
}

// reset closes connections that have an unread byte, until something fails.
func reset(address string) error {
	listener, err := net.Listen("tcp4", address)
	if err != nil {
		return err
	}
	for ; ; time.Sleep(100 * time.Millisecond) {
		client, err := net.Dial("tcp4", address)
		if err != nil {
			return err
		}
		server, err := listener.Accept()
		if err != nil {
			return err
		}
		if _, err := client.Write([]byte("x")); err != nil {
			return err
		}
		time.Sleep(10 * time.Millisecond)
		server.Close()
		client.Close()
	}
}
