// Package sockdiag ends other processes' TCP sockets, as `ss -K` does.
//
// It speaks NETLINK_SOCK_DIAG from the calling thread, so to the sockets of that
// thread's network namespace, and needs CAP_NET_ADMIN and a kernel with
// CONFIG_INET_DIAG_DESTROY. The trap to avoid: ENOENT is the answer both where
// there is no such socket and where the kernel has no module tcp_diag.
package sockdiag
