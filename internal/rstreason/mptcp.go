package rstreason

import "github.com/rsttrace/rsttrace/pkg/event"

// mptcpCodes are the reasons of the option MP_TCPRST (RFC 8684, 3.6).
var mptcpCodes = [...]string{
	1: "MPTCP-specific error",
	2: "lack of resources",
	3: "administratively prohibited",
	4: "too much outstanding data",
	5: "unacceptable performance",
	6: "middlebox interference",
}

// MPTCP returns the reason of an option MP_TCPRST. Code 0 is what a sender without a reason
// writes: then it is nil.
func MPTCP(code uint8) *event.Reason {
	if code == 0 {
		return nil
	}
	return &event.Reason{Registry: event.RegistryMPTCP, Code: uint16(code), Name: nameOf(mptcpCodes[:], uint16(code))}
}
