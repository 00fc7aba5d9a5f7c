package rstreason

// ietfCodes is the registry "TCP Failure Causes", as
// draft-ietf-tcpm-rst-diagnostic-payload populates it (section IANA
// Considerations). Code 0 is reserved.
var ietfCodes = [...]string{
	1:  "Illegal option length",
	2:  "Desynchronized state",
	3:  "New data is received after CLOSE is called",
	4:  "ABORT process",
	5:  "Unexpected ACK received by non-synchronized state connection",
	6:  "Unexpected SYN in the window",
	7:  "Unexpected security compartment",
	8:  "Malformed message",
	9:  "Not authorized",
	10: "Resource exceeded",
	11: "Network failure",
	12: "Reset received from the peer",
	13: "Destination unreachable",
	14: "Connection timeout",
	15: "Too much outstanding data",
	16: "Unacceptable performance",
	17: "Middlebox interference",
}

// linuxCodes is enum sk_rst_reason of Linux 6.16 (include/net/rstreason.h),
// without its prefix. Code 0 is SK_RST_REASON_NOT_SPECIFIED: no reason.
var linuxCodes = [...]string{
	1:  "NO_SOCKET",
	2:  "TCP_INVALID_ACK_SEQUENCE",
	3:  "TCP_RFC7323_PAWS",
	4:  "TCP_TOO_OLD_ACK",
	5:  "TCP_ACK_UNSENT_DATA",
	6:  "TCP_FLAGS",
	7:  "TCP_OLD_ACK",
	8:  "TCP_ABORT_ON_DATA",
	9:  "TCP_TIMEWAIT_SOCKET",
	10: "INVALID_SYN",
	11: "TCP_ABORT_ON_CLOSE",
	12: "TCP_ABORT_ON_LINGER",
	13: "TCP_ABORT_ON_MEMORY",
	14: "TCP_STATE",
	15: "TCP_KEEPALIVE_TIMEOUT",
	16: "TCP_DISCONNECT_WITH_DATA",
	17: "MPTCP_RST_EUNSPEC",
	18: "MPTCP_RST_EMPTCP",
	19: "MPTCP_RST_ERESOURCE",
	20: "MPTCP_RST_EPROHIBIT",
	21: "MPTCP_RST_EWQ2BIG",
	22: "MPTCP_RST_EBADPERF",
	23: "MPTCP_RST_EMIDDLEBOX",
	24: "ERROR",
}

// vendors are names of IANA's registry "Private Enterprise Numbers": makers of
// what stands between hosts, and the number for documentation (RFC 5612). Other
// numbers are shown as numbers.
var vendors = map[uint32]string{
	9:     "Cisco",
	2011:  "Huawei",
	2636:  "Juniper Networks",
	3375:  "F5",
	12356: "Fortinet",
	25461: "Palo Alto Networks",
	32473: "Example Enterprise Number for Documentation Use",
}
