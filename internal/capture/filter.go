package capture

import "golang.org/x/sys/unix"

// rstFilter is classic BPF over a packet that starts at its IP header: TCP,
// not a later fragment, RST bit set. IPv6 extension headers are not followed:
// the kernel puts none before a RST.
var rstFilter = []unix.SockFilter{
	0:  {Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 0},
	1:  {Code: unix.BPF_ALU | unix.BPF_RSH | unix.BPF_K, K: 4},
	2:  {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: 6, Jt: 8},  // to 11
	3:  {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: 4, Jf: 11}, // to 15
	4:  {Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 9},
	5:  {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.IPPROTO_TCP, Jf: 9},
	6:  {Code: unix.BPF_LD | unix.BPF_H | unix.BPF_ABS, K: 6},
	7:  {Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: 0x1fff, Jt: 7}, // fragment offset
	8:  {Code: unix.BPF_LDX | unix.BPF_B | unix.BPF_MSH, K: 0},              // X = header length
	9:  {Code: unix.BPF_LD | unix.BPF_B | unix.BPF_IND, K: tcpFlagsOffset},
	10: {Code: unix.BPF_JMP | unix.BPF_JA, K: 3}, // to 14
	11: {Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 6},
	12: {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.IPPROTO_TCP, Jf: 2},
	13: {Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: ipv6HeaderBytes + tcpFlagsOffset},
	14: {Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: rstBit, Jt: 1},
	15: {Code: unix.BPF_RET | unix.BPF_K, K: 0},
	16: {Code: unix.BPF_RET | unix.BPF_K, K: 0xffff},
}

const (
	ipv6HeaderBytes = 40
	tcpFlagsOffset  = 13
	rstBit          = 4
)
