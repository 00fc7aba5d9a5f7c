package cause

import (
	"iter"
	"math/rand/v2"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// enumerate yields a systematic set of evidence for a hook: every combination
// of the enums and of the facts that its rules lean on most, with the rest of
// the facts drawn at random from a fixed seed.
func enumerate(hook event.Hook) iter.Seq[event.Evidence] {
	space := spaces[hook]
	return func(yield func(event.Evidence) bool) {
		random := rand.New(rand.NewPCG(1, uint64(hook)))
		for _, socket := range space.sockets {
			for _, state := range states {
				for _, prior := range space.priors {
					for _, caller := range space.callers {
						for _, reason := range space.reasons {
							e := event.Evidence{
								Hook: hook, Socket: socket, State: state, Prior: prior, Caller: caller,
								Reason: reason, Dropped: space.dropped && reason != "", Family: event.IPv4,
							}
							if !space.eachFacts(e, random, yield) {
								return
							}
						}
					}
				}
			}
		}
	}
}

// space is what is worth enumerating at a hook.
type space struct {
	sockets []event.SockKind
	priors  []event.State
	callers []event.Caller
	reasons []string
	packets []event.TCPFlags // an entry 0 is "packet unseen"
	fixed   event.Facts      // each bit both ways
	random  event.Facts      // drawn
	dropped bool             // the reasons are those of drops
}

func (s space) eachFacts(e event.Evidence, random *rand.Rand, yield func(event.Evidence) bool) bool {
	for _, packet := range s.packets {
		e.Packet = packet
		// Every subset of fixed, counted down through its own bits.
		for subset := s.fixed; ; subset = (subset - 1) & s.fixed {
			e.Facts = subset | event.Facts(random.Uint32())&s.random
			if packet != 0 {
				e.Facts |= event.FactSeesPacket
			}
			if !yield(e) {
				return false
			}
			if subset == 0 {
				break
			}
		}
	}
	return true
}

var (
	states = []event.State{
		0, event.StateEstablished, event.StateSynSent, event.StateSynRecv, event.StateFinWait1, event.StateFinWait2,
		event.StateTimeWait, event.StateClose, event.StateCloseWait, event.StateLastAck, event.StateListen,
		event.StateClosing, event.StateNewSynRecv,
	}
	anySeq     = event.FactSeqExact | event.FactSeqInWindow | event.FactSeqOld | event.FactSeqOutside
	anySocket  = []event.SockKind{event.SockNone, event.SockFull, event.SockRequest, event.SockTimeWait}
	anyPacket  = []event.TCPFlags{0, syn, syn | ack, ack, ack | event.FIN, event.FIN, rst, rst | ack}
	rstReasons = []string{
		"", "NOT_SPECIFIED", "NO_SOCKET", "TCP_INVALID_ACK_SEQUENCE", "TCP_RFC7323_PAWS", "TCP_FLAGS", "TCP_OLD_ACK",
		"TCP_ABORT_ON_DATA", "TCP_TIMEWAIT_SOCKET", "INVALID_SYN", "TCP_ABORT_ON_CLOSE", "TCP_ABORT_ON_LINGER",
		"TCP_ABORT_ON_MEMORY", "TCP_STATE", "TCP_KEEPALIVE_TIMEOUT", "TCP_DISCONNECT_WITH_DATA", "MPTCP_RST_EUNSPEC", "ERROR",
	}
	spaces = map[event.Hook]space{
		event.HookSendActive: {
			sockets: []event.SockKind{event.SockFull},
			priors: []event.State{
				0, event.StateEstablished, event.StateSynRecv, event.StateFinWait1, event.StateFinWait2,
				event.StateCloseWait, event.StateLastAck, event.StateClosing,
			},
			callers: []event.Caller{
				0, event.CallerOther, event.CallerTCPClose, event.CallerStreamConnect, event.CallerListenStop,
				event.CallerQueueAdd, event.CallerAbort, event.CallerListenAbort,
			},
			reasons: rstReasons,
			packets: []event.TCPFlags{0},
			fixed: event.FactUnread | event.FactLingerZero | event.FactShutSend | event.FactDead |
				event.FactHasSocket | event.FactOwned,
			random: ^(event.FactUnread | event.FactLingerZero | event.FactShutSend | event.FactDead |
				event.FactHasSocket | event.FactOwned | event.FactSeesPacket),
		},
		event.HookSendReply: {
			sockets: anySocket,
			priors: []event.State{
				0, event.StateEstablished, event.StateFinWait1, event.StateFinWait2, event.StateTimeWait, event.StateCloseWait,
			},
			callers: []event.Caller{0, event.CallerOther, event.CallerCheckReq, event.CallerDoRcv},
			reasons: rstReasons,
			packets: anyPacket,
			fixed:   event.FactNewData | event.FactLinger2Negative | event.FactQueueFull | event.FactRemembered,
			random: ^(event.FactNewData | event.FactLinger2Negative | event.FactQueueFull | event.FactRemembered |
				event.FactSeesPacket),
		},
		event.HookReceive: {
			sockets: anySocket,
			priors:  []event.State{0, event.StateFinWait2, event.StateTimeWait},
			callers: []event.Caller{0, event.CallerOther, event.CallerValidateIncoming, event.CallerRcvStateProcess, event.CallerCheckReq},
			reasons: []string{"", "NOT_SPECIFIED"},
			dropped: true,
			packets: anyPacket,
			fixed: event.FactTSNegotiated | event.FactTSSeen | event.FactWindow | event.FactInFlight | event.FactShutRcv |
				event.FactFastOpen,
			random: ^event.FactSeesPacket,
		},
		event.HookReject: {
			sockets: anySocket, priors: []event.State{0}, callers: []event.Caller{0}, reasons: []string{""},
			packets: anyPacket, random: ^event.FactSeesPacket,
		},
		event.HookIgnore: {
			sockets: anySocket, priors: []event.State{0, event.StateFinWait2},
			callers: []event.Caller{0, event.CallerValidateIncoming, event.CallerRcvStateProcess, event.CallerDoRcv},
			reasons: []string{
				"", "NOT_SPECIFIED", "NO_SOCKET", "TCP_CSUM", "TCP_MINTTL", "TCP_MD5NOTFOUND", "TCP_AOFAILURE", "TCP_AUTH_HDR",
				"TCP_RESET", "TCP_FLAGS", "TCP_INVALID_SEQUENCE", "TCP_INVALID_END_SEQUENCE", "TCP_OLD_SEQUENCE",
				"TCP_OVERWINDOW", "TCP_RFC7323_PAWS", "TCP_RFC7323_TSECR", "TCP_RFC7323_TW_PAWS", "TCP_INVALID_ACK_SEQUENCE",
				"TCP_FASTOPEN",
			},
			dropped: true,
			packets: []event.TCPFlags{rst, rst | ack},
			fixed:   anySeq | event.FactListener,
			random:  ^(anySeq | event.FactListener | event.FactSeesPacket),
		},
	}
	hooks = []event.Hook{
		event.HookSendActive, event.HookSendReply, event.HookReceive, event.HookReject, event.HookIgnore,
	}
)
