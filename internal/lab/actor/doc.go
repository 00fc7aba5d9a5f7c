// Package actor runs one end of a connection as a process of its own, told by
// its parent which system call to make next.
//
// The process is this very program, started again: call [Main] first thing in
// main and TestMain. It makes its system calls directly, on its main thread and
// without Go's network poller, so that the kernel sees what it would see of a
// small C program: blocking calls, and a thread id equal to the process id. It
// dies with its parent, and its control channel is a Unix socket, never TCP.
package actor
