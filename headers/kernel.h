/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The few kernel types that rsttrace reads, reduced to the fields it reads.
 *
 * Offsets are not taken from here: preserve_access_index makes the loader
 * resolve each field by name in the running kernel's BTF (CO-RE). A field that
 * was renamed or moved between kernels has a second declaration whose name
 * ends in ___SOMETHING, the CO-RE notation for another flavour of one type.
 */
#ifndef RSTTRACE_KERNEL_H
#define RSTTRACE_KERNEL_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#include "constants.h"
#include "program_arguments.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Lists */

struct hlist_node {
	struct hlist_node *next;
	struct hlist_node **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

/* Namespaces */

struct ns_common {
	unsigned int inum;
};

struct linux_mib {
	unsigned long mibs[8];
};

struct netns_mib {
	struct linux_mib *net_statistics; /* per CPU */
};

struct net {
	struct ns_common ns;
	__u64 net_cookie; /* 5.12 and later */
	__u32 hash_mix; /* random */
	struct hlist_head *dev_index_head; /* devices by number */
	struct netns_mib mib;
};

typedef struct {
	struct net *net;
} possible_net_t;

/* Processes */

typedef struct {
	unsigned int val;
} kuid_t;

struct cred {
	kuid_t uid;
};

typedef struct {
	unsigned long sig[1];
} sigset_t;

struct sigaction {
	void (*sa_handler)(int);
};

struct k_sigaction {
	struct sigaction sa;
};

struct sighand_struct {
	struct k_sigaction action[64];
};

typedef struct {
	int counter;
} atomic_t;

struct mm_struct {
	unsigned long arg_start; /* of the command line, in its own memory */
	unsigned long arg_end;
};

struct kernel_siginfo {
	int si_code;
};

struct signal_struct {
	atomic_t live; /* threads of the process that are not ending */
	struct mm_struct *oom_mm; /* if it was killed because memory had run out */
};

struct thread_info {
	unsigned long flags;
	__u32 status; /* x86 */
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct task_struct {
	struct thread_info thread_info;
	void *stack;
	unsigned int flags;
	unsigned int ptrace;
	int exit_code;
	int pid;
	int tgid;
	__u64 start_time;
	char comm[16];
	const struct cred *cred;
	struct signal_struct *signal;
	struct sighand_struct *sighand;
	sigset_t blocked;
	struct task_struct *group_leader;
	struct task_struct *real_parent;
	struct css_set *cgroups;
	struct files_struct *files;
	struct mm_struct *mm;
};

/* Control groups */

struct kernfs_node {
	__u64 id;
};

struct cgroup_root {
	int hierarchy_id; /* 0: v2 */
};

struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct css_set {
	struct cgroup *dfl_cgrp; /* v2 */
};

struct sock_cgroup_data {
	struct cgroup *cgroup; /* 5.15 and later */
};

struct sock_cgroup_data___val {
	__u64 val; /* before 5.15: the pointer, or a v1 class id with bit 0 set */
};

/* Files */

struct super_block {
	unsigned long s_magic;
};

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
	struct super_block *i_sb;
};

struct file {
	struct inode *f_inode;
	void *private_data;
	const struct cred *f_cred; /* of the process that opened it */
};

struct socket {
	struct file *file;
	struct sock *sk;
};

struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
};

/* Packets and routes */

struct net_device {
	char name[16];
	int ifindex;
	struct hlist_node index_hlist;
	possible_net_t nd_net;
};

struct dst_entry {
	struct net_device *dev;
};

struct rtable {
	struct dst_entry dst;
	__u16 rt_type;
};

struct rt6_info {
	struct dst_entry dst;
	__u32 rt6i_flags;
};

struct sock;

struct sk_buff {
	struct sock *sk;
	struct net_device *dev;
	unsigned long _skb_refdst;
	unsigned int len;
	int skb_iif; /* number of the device that it came by */
	__be16 protocol;
	__u16 transport_header;
	__u16 network_header;
	unsigned int tail;
	unsigned char *head;
	unsigned char *data;
};

/* Sockets */

struct in6_addr {
	union {
		__be32 u6_addr32[4];
	} in6_u;
};

typedef struct {
	__s64 counter;
} atomic64_t;

struct sock;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	unsigned char skc_reuseport : 1;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
	unsigned long skc_flags;
	struct sock *skc_listener; /* a request socket's, in the place of the flags */
	struct hlist_node skc_node; /* pprev is 0 once it is in no hash table */
	__u32 skc_tw_rcv_nxt; /* a TIME_WAIT mini-socket's */
	__u32 skc_rcv_wnd; /* a request socket's */
};

typedef struct {
	int owned;
} socket_lock_t;

struct sock {
	struct sock_common __sk_common;
	socket_lock_t sk_lock;
	int sk_err;
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
	__u8 sk_userlocks : 4;
	__u8 sk_shutdown;
	unsigned long sk_lingertime;
	struct socket *sk_socket;
	__u32 sk_mark;
	kuid_t sk_uid;
	struct sock_cgroup_data sk_cgrp_data;
};

struct ipv6_pinfo {
	__s16 hop_limit : 9; /* negative: that of the route; a whole number since 6.7 */
	__u8 tclass;
};

struct inet_sock {
	struct sock sk;
	struct ipv6_pinfo *pinet6;
	__s16 uc_ttl; /* negative: that of the route */
	__u8 tos;
	__be32 inet_saddr;
	__be16 inet_sport;
};

struct inet_bind_bucket {
	signed char fastreuse; /* negative: connect chose the port */
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	struct inet_bind_bucket *icsk_bind_hash;
	__u32 icsk_user_timeout;
	struct {
		__u32 lrcvtime; /* when data came last, in jiffies */
	} icsk_ack;
	void *icsk_ulp_data;
};

struct tcp_options_received {
	__u16 saw_tstamp : 1;
	__u16 tstamp_ok : 1;
	__u32 ts_recent; /* what is echoed next */
};

struct mptcp_subflow_context {
	struct sock *conn; /* the MPTCP socket, which the application has */
	__u32 send_fastclose : 1; /* 5.19 and later */
};

struct request_sock;

struct tcp_request_sock {
	__u32 rcv_nxt;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u64 bytes_received;
	__u64 bytes_acked;
	__u32 rcv_nxt;
	__u32 rcv_wup;
	__u32 rcv_wnd;
	__u32 copied_seq;
	__u32 snd_nxt;
	__u32 snd_una;
	__u32 write_seq;
	__u32 srtt_us;
	__u32 packets_out;
	__u32 segs_in;
	__u32 segs_out;
	__u32 total_retrans;
	__u32 rcv_tstamp; /* when an acknowledgement came last, in jiffies */
	__u32 lsndtime; /* when data went last */
	int linger2;
	struct tcp_options_received rx_opt;
	__u32 tsoffset; /* of its timestamps, against the clock */
	__u8 tcp_usec_ts : 1; /* they are in microseconds: 6.7 and later */
	struct request_sock *fastopen_rsk;
	bool is_mptcp; /* only with CONFIG_MPTCP */
};

struct inet_timewait_sock {
	struct sock_common __tw_common;
	volatile unsigned char tw_substate;
	__be16 tw_sport;
	__u32 tw_mark;
};

struct tcp_timewait_sock {
	__u32 tw_rcv_wnd;
};

/* Modules */

struct module {
	char name[56];
};

#pragma clang attribute pop

#endif
