// Package rstreason reads the reason in the payload of a RST. There are two forms,
// both of draft-ietf-tcpm-rst-diagnostic-payload:
//
//   - 8 bytes: 0x33AA, a 16-bit code and a 32-bit private enterprise number (PEN).
//     With PEN 0 the code is from the draft's registry, else from a vendor's.
//   - 1 000 bytes: enum sk_rst_reason of the sender's kernel in the first, and
//     zeros. The draft's trial on Linux 6.16 sends this (its appendix).
//
// Everything else has no reason, or is text: see event.Segment.DiagText.
package rstreason
