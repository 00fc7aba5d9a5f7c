package event

// App is what the local application gets from the reset.
type App struct {
	Errno     string `json:"errno,omitzero"`   // symbolic: "ECONNRESET"
	SIGPIPE   bool   `json:"sigpipe,omitzero"` // raised unless ignored or MSG_NOSIGNAL
	ErrorCall string `json:"on,omitzero"`      // the call that reports it: "read", "write", "connect", ...
	// Reported: the kernel itself has reported this Errno on the socket.
	Reported bool `json:"reported,omitzero"`
	// Calls is what each call gives if it comes first, AfterError what it gives once
	// one of them has taken the error: the kernel hands an error out once.
	Calls      Calls `json:"calls,omitzero"`
	AfterError Calls `json:"then,omitzero"`
	// DataFirst: bytes wait to be read, and read gives these before what
	// Calls and AfterError have.
	DataFirst bool `json:"dataFirst,omitzero"`
}

// Calls is what system calls give: a symbolic errno, or one of the words below.
// Empty is what does not apply or is not known.
type Calls struct {
	Accept  string `json:"accept,omitzero"`
	Connect string `json:"connect,omitzero"`
	Poll    string `json:"poll,omitzero"`    // the flags of poll(2) without POLL: "IN|OUT|ERR|HUP|RDHUP"
	SOError string `json:"soError,omitzero"` // getsockopt(SO_ERROR)
	Read    string `json:"read,omitzero"`
	Write   string `json:"write,omitzero"`
	SIGPIPE bool   `json:"sigpipe,omitzero"` // write raises it unless ignored or MSG_NOSIGNAL
}

// What calls give beside an errno.
const (
	CallSucceeds = "OK"  // of accept: it returns the connection
	EndOfFile    = "EOF" // of read: 0
	NoError      = "0"   // of SO_ERROR
)
