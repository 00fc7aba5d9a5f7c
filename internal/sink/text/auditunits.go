package text

// auditUnits say what a counter counts, in as few words as fit before a number.
var auditUnits = map[string]string{
	"TcpOutRsts":        "sent",
	"TCPAbortOnClose":   "closed with unread data",
	"TCPAbortOnData":    "SO_LINGER 0 or data after close",
	"TCPAbortOnLinger":  "TCP_LINGER2 below zero",
	"TCPAbortOnMemory":  "too many orphans or too little memory",
	"TCPAbortOnTimeout": "timed out",
	"TCPAbortFailed":    "counted as sent, never left",
	"EmbryonicRsts":     "handshakes ended by a RST",
	"TcpEstabResets":    "connections reset",
	"TcpAttemptFails":   "attempts failed",
	"ListenOverflows":   "accept queue overflows",
}

// auditUnit names what a counter counts; "events" for one that has no word here.
func auditUnit(counter string) string {
	if word, ok := auditUnits[counter]; ok {
		return word
	}
	return "events"
}
