package rstreason

import (
	"encoding/binary"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	magic         = 0x33AA
	compactLength = 8
	trialLength   = 1000
)

// Parse returns the reason in a payload of length bytes that begins with start.
// It is nil if the payload has none, or is malformed: the draft wants malformed
// ones to be ignored.
func Parse(start []byte, length uint32) *event.Reason {
	switch {
	case length == compactLength && len(start) == compactLength:
		return parseCompact(start)
	case length == trialLength && len(start) > 0:
		return parseTrial(start)
	}
	return nil
}

func parseCompact(payload []byte) *event.Reason {
	code, pen := binary.BigEndian.Uint16(payload[2:]), binary.BigEndian.Uint32(payload[4:])
	if binary.BigEndian.Uint16(payload) != magic || code == 0 { // 0 must not be used
		return nil
	}
	if pen != 0 {
		return &event.Reason{Registry: event.RegistryVendor, Code: code, PEN: pen, Vendor: vendors[pen]}
	}
	return &event.Reason{Registry: event.RegistryIETF, Code: code, Name: nameOf(ietfCodes[:], code)}
}

func parseTrial(start []byte) *event.Reason {
	for _, rest := range start[1:] {
		if rest != 0 {
			return nil
		}
	}
	code := uint16(start[0])
	name := nameOf(linuxCodes[:], code)
	if name == "" { // not one of Linux 6.16: these bytes are something else
		return nil
	}
	return &event.Reason{Registry: event.RegistryLinux, Code: code, Name: name}
}

func nameOf(names []string, code uint16) string {
	if int(code) < len(names) {
		return names[code]
	}
	return ""
}
