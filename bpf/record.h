/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The wire format between the BPF programs and Go. The Go structs are
 * generated from this file; enums carry the values of package event, and a
 * test holds the two together.
 */
#ifndef RSTTRACE_RECORD_H
#define RSTTRACE_RECORD_H

#include "kernel.h"

enum record_kind : __u32 {
	RECORD_RESET = 1, /* struct reset_record */
	RECORD_HOLDER = 2, /* struct holder_record */
	RECORD_MODULE = 3, /* struct module_record */
	RECORD_SIGNAL = 4, /* struct signal_record */
	RECORD_ERROR = 5, /* struct error_record */
	RECORD_PAYLOAD = 6, /* struct payload_record */
	RECORD_CGROUP = 7, /* struct cgroup_record */
	RECORD_FRAME = 8, /* struct frame_record */
	RECORD_COMMAND = 9, /* struct command_record */
	RECORD_KINDS,
};

enum hook : __u8 {
	HOOK_SEND_ACTIVE = 1,
	HOOK_SEND_REPLY,
	HOOK_RECEIVE,
	HOOK_REJECT,
	HOOK_IGNORE,
};

enum socket_kind : __u8 {
	SOCKET_NONE = 1,
	SOCKET_FULL,
	SOCKET_REQUEST,
	SOCKET_TIME_WAIT,
};

enum caller : __u8 {
	CALLER_OTHER = 1,
	CALLER_VALIDATE_INCOMING,
	CALLER_RCV_STATE_PROCESS,
	CALLER_CHECK_REQ,
	CALLER_TCP_CLOSE,
	CALLER_STREAM_CONNECT,
	CALLER_LISTEN_STOP,
	CALLER_QUEUE_ADD,
	CALLER_ABORT,
	CALLER_LISTEN_ABORT, /* tcp_abort of a listener: inet_csk_listen_stop on its behalf */
	CALLER_RCV, /* tcp_v4_rcv, tcp_v6_rcv */
	CALLER_DO_RCV, /* tcp_v4_do_rcv, tcp_v6_do_rcv */
};

enum fact : __u32 {
	FACT_OWNED = 1u << 0,
	FACT_DEAD = 1u << 1,
	FACT_HAS_SOCKET = 1u << 2,
	FACT_UNREAD = 1u << 3,
	FACT_UNSENT = 1u << 4,
	FACT_IN_FLIGHT = 1u << 5,
	FACT_LINGER_ZERO = 1u << 6,
	FACT_LINGER2_NEGATIVE = 1u << 7,
	FACT_SHUT_RCV = 1u << 8,
	FACT_SHUT_SEND = 1u << 9,
	FACT_KEEP_OPEN = 1u << 10,
	FACT_USER_TIMEOUT = 1u << 11,
	FACT_MPTCP = 1u << 12,
	FACT_FAST_OPEN = 1u << 13,
	FACT_ERROR = 1u << 14,
	FACT_PEER_FIN = 1u << 15,
	FACT_QUEUE_FULL = 1u << 16,
	FACT_ACK_IN_RANGE = 1u << 17,
	FACT_SEES_PACKET = 1u << 18,
	FACT_PAYLOAD = 1u << 19,
	FACT_NEW_DATA = 1u << 20,
	FACT_WINDOW = 1u << 21,
	FACT_TS_NEGOTIATED = 1u << 22,
	FACT_TS_SEEN = 1u << 23,
	FACT_FAST_CLOSE = 1u << 24,
	FACT_MP_JOIN = 1u << 25,
	FACT_SEQ_EXACT = 1u << 26,
	FACT_SEQ_IN_WINDOW = 1u << 27,
	FACT_SEQ_OLD = 1u << 28,
	FACT_REMEMBERED = 1u << 29,
	FACT_LISTENER = 1u << 30,
	FACT_SEQ_OUTSIDE = 1u << 31,
};

/*
 * What decides the cause, and nothing else: enums and booleans only, because
 * it is also the key of the exact counters.
 */
struct evidence {
	enum hook hook;
	enum socket_kind socket;
	__u8 state; /* TCP state at the hook, 0 without a socket */
	__u8 prior; /* TCP state before the last change, or TIME_WAIT substate; 0 unknown */
	__u8 packet; /* FIN, SYN, RST, ACK bits of the packet at the hook */
	enum caller caller; /* 0 where not asked for */
	__u8 reason; /* enum sk_rst_reason of the running kernel, plus 1; 0 none */
	__u8 family; /* AF_INET or AF_INET6 as on the wire */
	__u8 chain; /* netfilter hook, plus 1; 0 none */
	__u8 dropped; /* reason is an enum skb_drop_reason */
	__u8 unused[2];
	enum fact facts; /* a set */
} __attribute__((aligned(8)));

/* A thread. uid and pids are those of the initial namespaces, comm is its process's. */
struct process {
	__u32 pid; /* thread group */
	__u32 tid;
	__u32 uid;
	__u32 exit_status; /* wait status, where exiting */
	__u8 known;
	__u8 kernel; /* a kernel thread, or a bystander: it only finishes what others began */
	__u8 exiting;
	__u8 creator; /* it opened the socket's file; who closed that is not known */
	char comm[16];
};

/* An exit status has a signal, or a code. With a signal this says that memory had run out. */
#define STATUS_OOM 0x100

/* A process beside another one. */
struct process_ref {
	__u32 pid; /* 0: not known */
	char comm[16];
};

/* Who sent the signal that ended a process. */
struct killer {
	__u32 pid; /* 0: none */
	__u8 known;
	__u8 kernel;
	__u8 unused[2];
	char comm[16];
};

/* Addresses are in network order (IPv4 in the first four bytes), ports not. */
struct tuple {
	__u8 local[16];
	__u8 peer[16];
	__u16 local_port;
	__u16 peer_port;
	__u32 netns; /* inode number */
} __attribute__((aligned(8)));

/* A TCP segment in host order. */
struct segment {
	__u32 seq;
	__u32 ack;
	__u32 len; /* payload bytes */
	__u16 window; /* unscaled */
	__u8 flags;
	__u8 ttl;
};

/* What the kernel expects next from the peer. */
struct expectation {
	__u32 rcv_nxt;
	__u32 window; /* what is left of it from rcv_nxt on */
};

/* What ended a connection. */
enum ended_by : __u8 {
	BY_PROCESS = 0, /* or it is not known */
	BY_RESET, /* the socket had the error of a RST: one came, or data that drew one */
	BY_TIMEOUT, /* a timer gave it up */
};

/* Which end opened a connection. */
enum role : __u8 {
	ROLE_UNKNOWN = 0,
	ROLE_CLIENT, /* this one */
	ROLE_SERVER, /* the peer */
};

/* How a connection was closed. */
struct closing {
	__u64 time_ns; /* give or take a jiffy; 0: not known */
	__u8 from; /* TCP state before and after */
	__u8 to;
	__u8 unread; /* with data unread */
	__u8 linger_zero; /* with SO_LINGER {1,0} */
	enum ended_by by;
	__u8 by_close; /* of a process: it was open, and the call was close or the process's end */
	enum role role;
	__u8 unused;
	__u32 idle; /* jiffies before it without data in either direction, plus 1; 0: not known */
	__u32 unused2;
};

/* Sequence numbers, byte counts and timers of a full socket. */
struct conn_stats {
	__u64 bytes_acked;
	__u64 bytes_received;
	__u32 copied_seq;
	__u32 snd_una;
	__u32 snd_nxt;
	__u32 write_seq;
	__u32 srtt_us; /* smoothed RTT times 8 */
	__u32 retransmits;
	__u32 user_timeout_ms;
	__u32 uid; /* creator of the socket */
	__u32 mark;
	__u32 error; /* sk_err at the hook */
	__u32 since_received; /* jiffies since data or an acknowledgement came last */
	__u32 since_sent; /* jiffies since data went last */
	__u32 segs_in; /* all segments of the connection, as the kernel counts them */
	__u32 segs_out;
	__u32 packets_out; /* sent and not acknowledged */
	__u32 since_peer_fin; /* jiffies since the peer's FIN came, plus 1; 0: not known */
	__u32 since_fin; /* the same of our own */
	__u32 idle_before_peer_fin; /* jiffies without data before it, plus 1; 0: not known */
	__u32 idle_before_fin;
	enum role role;
	__u8 packet_noted; /* packet is not from the hook, but from rst_packets.h */
	__u8 mptcp_reason; /* of the option MP_TCPRST of a received RST, plus 1; 0: none */
	__u8 unused;
};

/* The queue of connections that wait for accept. */
struct accept_queue {
	__u32 limit; /* plus 1; 0: not known */
	__u32 length; /* the connection that this is about included, if it is in there */
};

/*
 * Short, because in a storm it is memory that costs: without a full socket the
 * record ends where it is marked, and what it lacks is zero.
 */
struct reset_record {
	enum record_kind kind; /* RECORD_RESET */
	__s32 stack; /* its key in the map of stacks; negative: none */
	struct evidence evidence;
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u64 sk; /* address of the socket, 0 none */
	__u64 cookie; /* 0 when never generated */
	__u64 listener; /* of a connection that nobody has accepted, 0 unknown */
	__u64 listener_inode;
	struct accept_queue queue; /* of the listener, if there is one */
	struct tuple tuple;
	struct segment packet; /* where FACT_SEES_PACKET */
	struct expectation expected; /* of any socket */
	struct process current; /* where the socket's own system call runs */
	struct closing closing; /* by closer */
	struct process closer; /* who closed the connection, from the notes */
	__u64 closer_cgroup; /* the closer's cgroup v2 id, 0 unknown */
	struct process_ref parent; /* of current */
	struct killer killer; /* of current, or else of closer, if it ends by a signal */
	char ifname[16];
	/* Here, without a full socket. */
	__u64 inode; /* of its socket file, 0 none */
	__u64 cgroup; /* cgroup v2 id, 0 unknown */
	__u64 current_cgroup; /* the same of the running process */
	/* When connect was called, or a handshake from outside ended; 0 unknown. */
	__u64 connected_ns;
	struct conn_stats conn;
	struct process connector; /* who called connect, where nobody closed it */
};

#define RESET_WITHOUT_SOCKET __builtin_offsetof(struct reset_record, inode)

#define RST_PAYLOAD 64

/* The payload of an incoming RST. Its reset_record comes after it. */
struct payload_record {
	enum record_kind kind; /* RECORD_PAYLOAD */
	__u32 unused;
	__u64 reset_sk; /* sk and time_ns of the reset_record */
	__u64 reset_time_ns;
	__u8 payload[RST_PAYLOAD]; /* how it begins, zero behind its end */
};

#define FRAME_MAX 256

/*
 * The packet of a reset, from its IP header on. Its reset_record comes after it. If a
 * socket sends a RST of its own accord there is no packet, and captured is 0.
 */
struct frame_record {
	enum record_kind kind; /* RECORD_FRAME */
	__u32 captured; /* bytes of data; 0: the hook did not get the packet */
	__u64 reset_sk; /* sk and time_ns of the reset_record */
	__u64 reset_time_ns;
	__u32 length; /* of the whole packet */
	__u32 ifindex; /* of the device that it came by; 0: not known */
	__u32 netns; /* of that device */
	__u32 tsval; /* of the RST that a socket sends, if timestamps */
	__u32 tsecr;
	__u8 sent; /* a socket sends it: these are its options */
	__u8 timestamps;
	__u8 ttl; /* 0: that of the route */
	__u8 tos;
	char ifname[16];
	__u8 data[FRAME_MAX];
};

#define COMMAND_MAX 256

/*
 * The command line of a process that resets a socket of another one. Its reset_record
 * comes after it.
 */
struct command_record {
	enum record_kind kind; /* RECORD_COMMAND */
	__u32 length; /* bytes of text */
	__u64 reset_sk; /* sk and time_ns of the reset_record */
	__u64 reset_time_ns;
	char text[COMMAND_MAX]; /* how it begins, arguments with a zero behind each */
};

/* A process that held, or closed, a socket of an earlier reset_record. */
struct holder_record {
	enum record_kind kind; /* RECORD_HOLDER */
	__u32 closed; /* 1: it closed the socket; 0: a descriptor refers to it */
	__u64 sk;
	__u64 inode;
	__u64 started; /* when the process did, where it holds the socket */
	__u64 cgroup; /* v2 id of the process that closed it, 0 unknown */
	struct process process;
	__u32 unused;
};

/* A kernel module came: functions in it can be attached to now. */
struct module_record {
	enum record_kind kind; /* RECORD_MODULE */
	char name[20];
};

/* SIGPIPE was sent to a process by its own write. */
struct signal_record {
	enum record_kind kind; /* RECORD_SIGNAL */
	__u32 fatal; /* nothing stands between the signal and the end of the process */
	__u64 time_ns; /* CLOCK_MONOTONIC */
	struct process process;
	__u32 unused;
};

/* An error was reported on the socket of an earlier reset_record. */
struct error_record {
	enum record_kind kind; /* RECORD_ERROR */
	__u32 error; /* errno */
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u64 reset_sk; /* sk and time_ns of the reset_record */
	__u64 reset_time_ns;
};

#define CGROUP_PATH 512

/* A control group came. It may be gone when a reset of its sockets is reported. */
struct cgroup_record {
	enum record_kind kind; /* RECORD_CGROUP */
	__u32 unused;
	__u64 id; /* v2 */
	char path[CGROUP_PATH]; /* in its hierarchy */
};

/* What the ring carries: kind says which. */
union record {
	enum record_kind kind;
	struct reset_record reset;
	struct holder_record holder;
	struct module_record module;
	struct signal_record signal;
	struct error_record error;
	struct payload_record text;
	struct cgroup_record cgroup;
	struct frame_record frame;
	struct command_record command;
};

#endif
