package event

// Reason is the code with which the sender of a RST says why it sent it. Anybody
// who can forge a RST can forge its reason.
type Reason struct {
	Registry ReasonRegistry `json:"registry"`
	Code     uint16         `json:"code"`
	PEN      uint32         `json:"pen,omitzero"`    // private enterprise number, of RegistryVendor
	Vendor   string         `json:"vendor,omitzero"` // the name that belongs to PEN, if it is known here
	Name     string         `json:"name,omitzero"`   // of the code, if it is known here
}

// ReasonRegistry says whose list of codes a Reason is from.
type ReasonRegistry string

const (
	RegistryIETF   ReasonRegistry = "ietf"   // "TCP Failure Causes" of draft-ietf-tcpm-rst-diagnostic-payload
	RegistryVendor ReasonRegistry = "vendor" // a list of the vendor with that PEN
	RegistryMPTCP  ReasonRegistry = "mptcp"  // of the option MP_TCPRST, RFC 8684 3.6
	RegistryLinux  ReasonRegistry = "linux"  // enum sk_rst_reason of Linux 6.16
)
