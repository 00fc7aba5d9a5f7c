/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Values from the kernel's headers that BTF does not carry. */
#ifndef RSTTRACE_CONSTANTS_H
#define RSTTRACE_CONSTANTS_H

#define AF_INET 2
#define AF_INET6 10

#define PF_EXITING 0x00000004
#define PF_KTHREAD 0x00200000

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGSEGV 11
#define SIGPIPE 13
#define SIGTERM 15
#define SIGXCPU 24
#define SIGSYS 31

/* What the kernel passes in place of a siginfo: for the running process, and of its own. */
#define SEND_SIG_NOINFO 0
#define SEND_SIG_PRIV 1

/* Codes of a siginfo: the running process sends it. */
#define SI_USER 0
#define SI_QUEUE -1
#define SI_TKILL -6

#define EPIPE 32
#define EBADMSG 74
#define ECONNABORTED 103
#define ECONNRESET 104
/* TRACE_SIGNAL_DELIVERED of include/trace/events/signal.h: neither ignored nor pending already. */
#define SIGNAL_DELIVERED 0

/* include/uapi/linux/magic.h */
#define PROC_SUPER_MAGIC 0x9fa0
#define BPF_FS_MAGIC 0xcafe4a11
#define ANON_INODE_FS_MAGIC 0x09041934

#define S_IFMT 0170000
#define S_IFSOCK 0140000

/* include/uapi/linux/netfilter.h */
#define NF_INET_LOCAL_OUT 3
#define NF_INET_INGRESS 5

#define RTN_LOCAL 2
#define RTF_LOCAL 0x80000000u

/* skb->_skb_refdst: bit 0 says that no reference is held. */
#define SKB_DST_PTRMASK (~1ul)

/* enum sock_flags: bits of skc_flags, the same in every kernel from 5.4 on. */
#define SOCK_DEAD (1u << 0)
#define SOCK_DONE (1u << 1)
#define SOCK_KEEPOPEN (1u << 3)
#define SOCK_LINGER (1u << 4)

/* LINUX_MIB_EMBRYONICRSTS of include/uapi/linux/snmp.h */
#define MIB_EMBRYONIC_RSTS 4

#define IPPROTO_TCP 6

/* A socket's own bind, or listen, chose its port: of sk_userlocks. */
#define SOCK_BINDPORT_LOCK 8

#define RCV_SHUTDOWN 1
#define SEND_SHUTDOWN 2

/* include/net/tcp_states.h */
enum {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT,
	TCP_SYN_RECV,
	TCP_FIN_WAIT1,
	TCP_FIN_WAIT2,
	TCP_TIME_WAIT,
	TCP_CLOSE,
	TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
	TCP_LISTEN,
	TCP_CLOSING,
	TCP_NEW_SYN_RECV,
};

#endif
