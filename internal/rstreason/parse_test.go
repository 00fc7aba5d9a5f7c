package rstreason

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// firstBytes is what the kernel side passes on of a payload.
const firstBytes = 63

func TestParse(t *testing.T) {
	trial := func(bytes ...byte) []byte { return append(bytes, make([]byte, trialLength-len(bytes))...) }
	ietf := func(code uint16, name string) *event.Reason {
		return &event.Reason{Registry: event.RegistryIETF, Code: code, Name: name}
	}
	for name, test := range map[string]struct {
		payload []byte
		want    *event.Reason
	}{
		"first code of the registry": {[]byte{0x33, 0xaa, 0, 1, 0, 0, 0, 0}, ietf(1, "Illegal option length")},
		"a NAT forgot the mapping":   {[]byte{0x33, 0xaa, 0, 14, 0, 0, 0, 0}, ietf(14, "Connection timeout")},
		"last code of the registry":  {[]byte{0x33, 0xaa, 0, 17, 0, 0, 0, 0}, ietf(17, "Middlebox interference")},
		"registered later":           {[]byte{0x33, 0xaa, 1, 0, 0, 0, 0, 0}, ietf(256, "")},
		"reserved code":              {[]byte{0x33, 0xaa, 0, 0, 0, 0, 0, 0}, nil},
		"vendor, as in the draft": {
			[]byte{0x33, 0xaa, 0x04, 0xd2, 0, 0, 0x7e, 0xd9},
			&event.Reason{Registry: event.RegistryVendor, Code: 1234, PEN: 32473, Vendor: "Example Enterprise Number for Documentation Use"},
		},
		"unknown vendor": {
			[]byte{0x33, 0xaa, 0, 1, 0xff, 0xff, 0xff, 0xff},
			&event.Reason{Registry: event.RegistryVendor, Code: 1, PEN: 1<<32 - 1},
		},
		"another magic number": {[]byte{0x33, 0xab, 0, 1, 0, 0, 0, 0}, nil},
		"too long":             {[]byte{0x33, 0xaa, 0, 1, 0, 0, 0, 0, 0}, nil},
		"too short":            {[]byte{0x33, 0xaa, 0, 1, 0, 0, 0}, nil},
		"nothing":              {nil, nil},
		"trial": {
			trial(11), &event.Reason{Registry: event.RegistryLinux, Code: 11, Name: "TCP_ABORT_ON_CLOSE"},
		},
		"trial, last":         {trial(24), &event.Reason{Registry: event.RegistryLinux, Code: 24, Name: "ERROR"}},
		"trial, none":         {trial(0), nil},
		"trial, not a code":   {trial(25), nil},
		"trial, not zeros":    {trial(11, 0, 1), nil},
		"trial, another size": {trial(11)[:trialLength-1], nil},
	} {
		got := Parse(test.payload[:min(len(test.payload), firstBytes)], uint32(len(test.payload)))
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestNotAtHand: a payload whose bytes are not at hand has no reason.
func TestNotAtHand(t *testing.T) {
	for _, length := range []uint32{compactLength, trialLength} {
		if got := Parse(nil, length); got != nil {
			t.Errorf("%d bytes, none at hand: %+v", length, got)
		}
	}
}

// TestCapture reads a RST of another implementation, in a capture that is part
// of the tests of tcpdump.
func TestCapture(t *testing.T) {
	folder := os.Getenv("RSTTRACE_CAPTURES")
	found, _ := filepath.Glob(filepath.Join(folder, "*tcp_rst_diag_payload.pcap"))
	if folder == "" || len(found) == 0 {
		t.Skip("needs tcp_rst_diag_payload.pcap of tcpdump's tests: set RSTTRACE_CAPTURES to its folder")
	}
	file, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	capture, err := pcapgo.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	data, _, err := capture.ReadPacketData()
	if err != nil {
		t.Fatal(err)
	}
	packet := gopacket.NewPacket(data, capture.LinkType(), gopacket.Default)
	tcp, ok := packet.Layer(layers.LayerTypeTCP).(*layers.TCP)
	if !ok || !tcp.RST {
		t.Fatalf("no RST: %v", packet)
	}
	got := Parse(tcp.Payload, uint32(len(tcp.Payload)))
	want := &event.Reason{Registry: event.RegistryIETF, Code: 1, Name: "Illegal option length"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzParse: whatever a RST carries, a reason is one of a registry and never code 0.
func FuzzParse(f *testing.F) {
	f.Add([]byte{0x33, 0xaa, 0, 1, 0, 0, 0, 0}, uint32(8))
	f.Add([]byte{11, 0, 0}, uint32(1000))
	f.Fuzz(func(t *testing.T, start []byte, length uint32) {
		r := Parse(start, length)
		if r == nil {
			return
		}
		if r.Code == 0 || (r.Registry == event.RegistryVendor) != (r.PEN != 0) || r.Registry == event.RegistryLinux && r.Name == "" {
			t.Fatalf("%+v", r)
		}
	})
}
