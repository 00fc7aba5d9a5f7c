// Package osthread runs code that changes its thread for good.
package osthread

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// Throwaway starts fn on an operating system thread that ends with fn, since it
// may be left in another namespace.
//
// A goroutine that ends while locked takes its thread with it, except for the
// main thread, which can only be parked: it would keep the namespace and show
// it to everybody who reads /proc/self. So fn never runs there.
func Throwaway(fn func()) {
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			fn()
			return
		}
		elsewhere := make(chan struct{})
		go func() {
			runtime.LockOSThread()
			close(elsewhere)
			fn()
		}()
		<-elsewhere // until here the main thread was taken
		runtime.UnlockOSThread()
	}()
}
