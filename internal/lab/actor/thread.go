package actor

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// inThread runs fn in a second thread, which has a name of its own, and returns
// its id. The thread ends with fn.
func inThread(fn func()) (tid int) {
	done := make(chan int)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread is not used again
		tid := unix.Gettid()
		_ = os.WriteFile("/proc/thread-self/comm", []byte("thread"), 0)
		fn()
		done <- tid
	}()
	return <-done
}

// endThread leaves the last reference to a descriptor to a thread with a file
// table of its own, which then ends while the process lives on.
func endThread(r Request) (Reply, error) {
	type result struct {
		tid int
		err error
	}
	kept, alone := make(chan result), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		kept <- result{unix.Gettid(), unix.Unshare(unix.CLONE_FILES)}
		<-alone
	}()
	thread := <-kept
	defer close(alone)
	if thread.err != nil {
		return Reply{}, thread.err
	}
	return Reply{TID: thread.tid}, unix.Close(r.FD)
}

// pin binds all threads to one CPU: those to come inherit it from these.
func pin(cpu int) error {
	var only unix.CPUSet
	only.Set(cpu)
	return eachThread(func(tid int) error { return unix.SchedSetaffinity(tid, &only) })
}
