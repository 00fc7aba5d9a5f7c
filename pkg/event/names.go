package event

import (
	"fmt"
	"strconv"
	"strings"
)

// enum names: index is the value, "" is the zero value "not known".
var (
	hookNames   = []string{"", "send-active", "send-reply", "receive", "reject", "ignore"}
	sockNames   = []string{"", "none", "full", "request", "time-wait"}
	callerNames = []string{
		"", "other", "tcp_validate_incoming", "tcp_rcv_state_process", "tcp_check_req",
		"__tcp_close", "__inet_stream_connect", "inet_csk_listen_stop", "inet_csk_reqsk_queue_add", "tcp_abort",
		"tcp_abort/inet_csk_listen_stop", "tcp_rcv", "tcp_do_rcv",
	}
	chainNames = []string{"", "prerouting", "input", "forward", "output", "postrouting", "ingress"}
	stateNames = []string{
		"", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE",
		"CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV",
	}
)

// State is a TCP state of the kernel (include/net/tcp_states.h), 0 unknown.
type State uint8

const (
	StateEstablished State = iota + 1
	StateSynSent
	StateSynRecv
	StateFinWait1
	StateFinWait2
	StateTimeWait
	StateClose
	StateCloseWait
	StateLastAck
	StateListen
	StateClosing
	StateNewSynRecv
)

func name[T ~uint8](names []string, v T) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("unknown(%d)", v)
}

func parse[T ~uint8](names []string, text []byte, v *T, what string) error {
	for i, n := range names {
		if n == string(text) {
			*v = T(i)
			return nil
		}
	}
	// What name writes of a value that has none.
	if number, ok := strings.CutPrefix(string(text), "unknown("); ok {
		if n, err := strconv.ParseUint(strings.TrimSuffix(number, ")"), 10, 8); err == nil && int(n) >= len(names) {
			*v = T(n)
			return nil
		}
	}
	return fmt.Errorf("unknown %s %q", what, text)
}

func (h Hook) String() string     { return name(hookNames, h) }
func (s SockKind) String() string { return name(sockNames, s) }
func (c Caller) String() string   { return name(callerNames, c) }
func (c Chain) String() string    { return name(chainNames, c) }
func (s State) String() string    { return name(stateNames, s) }

func (h Hook) MarshalText() ([]byte, error)     { return []byte(h.String()), nil }
func (s SockKind) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
func (c Caller) MarshalText() ([]byte, error)   { return []byte(c.String()), nil }
func (c Chain) MarshalText() ([]byte, error)    { return []byte(c.String()), nil }
func (s State) MarshalText() ([]byte, error)    { return []byte(s.String()), nil }
func (f Facts) MarshalText() ([]byte, error)    { return []byte(f.String()), nil }

func (h *Hook) UnmarshalText(text []byte) error     { return parse(hookNames, text, h, "hook") }
func (s *SockKind) UnmarshalText(text []byte) error { return parse(sockNames, text, s, "socket kind") }
func (c *Caller) UnmarshalText(text []byte) error   { return parse(callerNames, text, c, "caller") }
func (c *Chain) UnmarshalText(text []byte) error    { return parse(chainNames, text, c, "chain") }
func (s *State) UnmarshalText(text []byte) error    { return parse(stateNames, text, s, "state") }

// UnmarshalText reads what String wrote.
func (f *Facts) UnmarshalText(text []byte) error {
	*f = 0
	if len(text) == 0 {
		return nil
	}
next:
	for _, word := range strings.Split(string(text), ",") {
		for bit, n := range factNames {
			if n == word {
				*f |= 1 << bit
				continue next
			}
		}
		return fmt.Errorf("unknown fact %q", word)
	}
	return nil
}

// UnmarshalText reads tcpdump's letters.
func (f *TCPFlags) UnmarshalText(text []byte) error {
	*f = 0
	if string(text) == "[none]" {
		return nil
	}
	inner, ok := strings.CutPrefix(string(text), "[")
	inner, ok2 := strings.CutSuffix(inner, "]")
	if !ok || !ok2 {
		return fmt.Errorf("TCP flags %q: want letters in brackets, such as [R.]", text)
	}
	for _, letter := range inner {
		bit := strings.IndexRune(flagLetters, letter)
		if bit < 0 {
			return fmt.Errorf("unknown TCP flag %q", letter)
		}
		*f |= 1 << bit
	}
	return nil
}
