package cause

// Building blocks of the commands under Reproduce. They use ports of the
// loopback interface and nothing but python3.

// pythonLine is a command line that runs python code. The code may use S (socket) and
// t (a pause of 100 ms) and contains no double quote.
func pythonLine(code string) string {
	return `python3 -c "import socket as S,struct,time;t=lambda:time.sleep(.1);` + code + `"`
}

// pair is python code that connects c to a, which l accepted.
const pair = "l=S.create_server(('127.0.0.1',7007));c=S.create_connection(('127.0.0.1',7007));a,_=l.accept();"

// lab is the command that runs scenarios of rsttrace itself.
func lab(scenarios string) string { return "sudo rsttrace lab " + scenarios }

// Codes of the registry "TCP Failure Causes" in
// draft-ietf-tcpm-rst-diagnostic-payload, as initially populated.
var (
	ietfDesynchronized   = ietfCode(2)  // "Desynchronized state", RFC 9293 3.5.1
	ietfDataAfterClose   = ietfCode(3)  // "New data is received after CLOSE is called", RFC 9293 3.6.1
	ietfAbort            = ietfCode(4)  // "ABORT process", RFC 9293 3.10.5
	ietfUnexpectedAck    = ietfCode(5)  // "Unexpected ACK received by non-synchronized state connection"
	ietfUnexpectedSyn    = ietfCode(6)  // "Unexpected SYN in the window"
	ietfNotAuthorized    = ietfCode(9)  // "Not authorized"
	ietfResourceExceeded = ietfCode(10) // "Resource exceeded"
	ietfTimeout          = ietfCode(14) // "Connection timeout"
)

func ietfCode(n int) *int { return &n }
