// Package netns makes throw-away network namespaces and wires them together.
//
// A namespace has no name in the file system: one thread and one descriptor
// hold it, so nothing is left of it however this process ends, kill -9
// included. It needs CAP_SYS_ADMIN and CAP_NET_ADMIN, and only settings of the
// namespace itself are ever changed.
//
// The trap to avoid: a Go program moves goroutines between threads, and a
// namespace belongs to a thread. Whatever must happen inside goes through
// [Namespace.Do].
package netns
