package packets

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/rsttrace/rsttrace/internal/source"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// moment has nanoseconds, of which a file of microseconds keeps the first six digits.
var moment = time.Date(2026, 3, 3, 3, 12, 45, 123456789, time.UTC)

// refusal is a SYN and the RST that answers it, as raw IP packets.
func refusal(t testing.TB) [][]byte {
	t.Helper()
	syn := &layers.TCP{SrcPort: 40000, DstPort: 443, SYN: true, Seq: 99, Window: 1000}
	rst := &layers.TCP{SrcPort: 443, DstPort: 40000, RST: true, ACK: true, Ack: 100}
	var packets [][]byte
	for _, tcp := range []*layers.TCP{syn, rst} {
		ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: client4, DstIP: server4}
		if tcp == rst {
			ip.SrcIP, ip.DstIP = server4, client4
		}
		if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
			t.Fatal(err)
		}
		packets = append(packets, serialize(t, ip, tcp))
	}
	return packets
}

// pcapOf is a pcap file of raw IP packets.
func pcapOf(order binary.ByteOrder, magic uint32, unit time.Duration, packets ...[]byte) []byte {
	var begin [pcapHeader]byte
	order.PutUint32(begin[:], magic)
	order.PutUint16(begin[4:], 2)
	order.PutUint16(begin[6:], 4)
	order.PutUint32(begin[20:], linkRaw)
	file := bytes.Clone(begin[:])
	for i, p := range packets {
		head := make([]byte, recordHeader)
		at := moment.Add(time.Duration(i) * time.Second)
		order.PutUint32(head, uint32(at.Unix()))
		order.PutUint32(head[4:], uint32(time.Duration(at.Nanosecond())/unit))
		order.PutUint32(head[8:], uint32(len(p)))
		order.PutUint32(head[12:], uint32(len(p)))
		file = append(append(file, head...), p...)
	}
	return file
}

// block is one of pcapng.
func block(order binary.AppendByteOrder, kind uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	size := uint32(len(body) + blockOverhead)
	out := order.AppendUint32(nil, kind)
	out = append(order.AppendUint32(out, size), body...)
	return order.AppendUint32(out, size)
}

func option(order binary.AppendByteOrder, code uint16, value []byte) []byte {
	out := order.AppendUint16(order.AppendUint16(nil, code), uint16(len(value)))
	out = append(out, value...)
	for len(out)%4 != 0 {
		out = append(out, 0)
	}
	return out
}

// pcapngOf has two interfaces: one of Ethernet with nanoseconds and a name, one of raw IP
// with units of 2^-20 seconds. Packets have options, whose numbers are in the byte order
// of the section.
func pcapngOf(order binary.AppendByteOrder, packets ...[]byte) []byte {
	section := order.AppendUint32(nil, orderMagic)
	section = order.AppendUint16(order.AppendUint16(section, 1), 0)
	section = order.AppendUint64(section, ^uint64(0))
	file := block(order, blockSection, section)
	ethernet := order.AppendUint32(order.AppendUint16(order.AppendUint16(nil, linkEthernet), 0), 0)
	ethernet = append(ethernet, option(order, optionName, []byte("eth0"))...)
	ethernet = append(ethernet, option(order, optionResolution, []byte{9})...)
	ethernet = append(ethernet, option(order, 0, nil)...)
	file = append(file, block(order, blockInterface, ethernet)...)
	raw := order.AppendUint32(order.AppendUint16(order.AppendUint16(nil, linkRaw), 0), 0)
	raw = append(raw, option(order, optionResolution, []byte{0x80 | 20})...)
	raw = append(raw, option(order, optionOffset, order.AppendUint64(nil, 1000))...)
	file = append(file, block(order, blockInterface, raw)...)
	file = append(file, block(order, 0x80000bad, []byte("of another program"))...)
	for i, p := range packets {
		at := moment.Add(time.Duration(i) * time.Second)
		stamp := uint64(at.UnixNano())
		if i%2 == 0 {
			p = ethernetFrame(typeIPv4, p)
		} else {
			stamp = uint64(at.Unix()-1000)<<20 | uint64(at.Nanosecond())<<20/1e9
		}
		body := order.AppendUint32(nil, uint32(i%2))
		body = order.AppendUint32(order.AppendUint32(body, uint32(stamp>>32)), uint32(stamp))
		body = order.AppendUint32(order.AppendUint32(body, uint32(len(p))), uint32(len(p)))
		body = append(body, p...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
		body = append(body, option(order, 1, []byte("a comment"))...)
		body = append(body, option(order, 0, nil)...)
		file = append(file, block(order, blockEnhanced, body)...)
	}
	return file
}

// TestFormats: both formats, both byte orders, all resolutions.
func TestFormats(t *testing.T) {
	packets := refusal(t)
	second := moment.Add(time.Second)
	for name, test := range map[string]struct {
		file []byte
		time time.Time
	}{
		"pcap":                 {pcapOf(binary.LittleEndian, magicMicros, time.Microsecond, packets...), second.Truncate(time.Microsecond)},
		"pcap, big-endian":     {pcapOf(binary.BigEndian, magicMicros, time.Microsecond, packets...), second.Truncate(time.Microsecond)},
		"pcap, nanoseconds":    {pcapOf(binary.LittleEndian, magicNanos, time.Nanosecond, packets...), second},
		"pcap, both":           {pcapOf(binary.BigEndian, magicNanos, time.Nanosecond, packets...), second},
		"pcapng":               {pcapngOf(binary.LittleEndian, packets...), second.Truncate(time.Microsecond)},
		"pcapng, big-endian":   {pcapngOf(binary.BigEndian, packets...), second.Truncate(time.Microsecond)},
		"pcapng, two sections": {join(pcapngOf(binary.BigEndian, packets[:1]...), pcapngOf(binary.LittleEndian, packets...)), second.Truncate(time.Microsecond)},
		"pcapng of a library":  {library(t, packets), second},
	} {
		if !Recognise(test.file[:16]) {
			t.Errorf("%s is not recognised", name)
		}
		events, err := eventsOf(t, &Source{Name: "file", Input: bytes.NewReader(test.file)})
		if err != nil || len(events) != 1 {
			t.Errorf("%s: %d events, error %v", name, len(events), err)
			continue
		}
		if frame := events[0].Frames.RST; !bytes.Equal(frame.Data, packets[1]) || int(frame.Length) != len(packets[1]) {
			t.Errorf("%s: the RST is % x of %d bytes, want % x", name, frame.Data, frame.Length, packets[1])
		}
		e := events[0]
		if d := e.Time.Sub(test.time); e.Cause != cause.Refused || d > time.Microsecond || d < -time.Microsecond {
			t.Errorf("%s: %s at %s, want %s", name, e.Cause, e.Time, test.time)
		}
		if want := uint64(strings.Count(name, "two sections") + 2); e.Capture.RST != want {
			t.Errorf("%s: packet %d, want %d", name, e.Capture.RST, want)
		}
	}
}

// library writes with another implementation.
func library(t *testing.T, packets [][]byte) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := pcapgo.NewNgWriterInterface(&file, pcapgo.NgInterface{LinkType: layers.LinkTypeRaw, Name: "any"}, pcapgo.DefaultNgWriterOptions)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range packets {
		info := gopacket.CaptureInfo{Timestamp: moment.Add(time.Duration(i) * time.Second), CaptureLength: len(p), Length: len(p)}
		if err := w.WritePacket(info, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// TestInterfaceName is that of the interface of the RST.
func TestInterfaceName(t *testing.T) {
	packets := refusal(t)
	events, err := eventsOf(t, &Source{Name: "file", Input: bytes.NewReader(pcapngOf(binary.BigEndian, packets[1]))})
	if err != nil || len(events) != 1 || events[0].RST.Ifname != "eth0" {
		t.Errorf("%v, error %v", events, err)
	}
}

// TestSnapLength: packets are cut to so many bytes. As long as the TCP header is there,
// the verdict is the same; what is shorter is counted.
func TestSnapLength(t *testing.T) {
	packets := refusal(t)
	for kept := 1; kept <= 40; kept++ {
		file := pcapOf(binary.LittleEndian, magicMicros, time.Microsecond)
		for _, p := range packets {
			head := make([]byte, recordHeader)
			binary.LittleEndian.PutUint32(head[8:], uint32(kept))
			binary.LittleEndian.PutUint32(head[12:], uint32(len(p)))
			file = join(file, head, p[:kept])
		}
		var notes []string
		events, err := eventsOf(t, &Source{Name: "file", Input: bytes.NewReader(file), Note: func(n string) { notes = append(notes, n) }})
		want := 0
		if kept == 40 {
			want = 1
		}
		if err != nil || len(events) != want || len(notes) != 1-want {
			t.Errorf("%d bytes: %d events, error %v, %q", kept, len(events), err, notes)
		}
	}
}

// TestDamaged: a damaged file gives one error, after the events of what came before.
func TestDamaged(t *testing.T) {
	packets := refusal(t)
	pcap := pcapOf(binary.LittleEndian, magicMicros, time.Microsecond, packets...)
	ng := pcapngOf(binary.BigEndian, packets...)
	huge := bytes.Clone(recordHeaderOf(1 << 31))
	otherLink := bytes.Clone(pcap)
	otherLink[20] = 0xfe
	version := bytes.Clone(pcap)
	version[4] = 9
	noInterface := block(binary.LittleEndian, blockSection, join(binary.LittleEndian.AppendUint32(nil, orderMagic), make([]byte, 12)))
	noInterface = append(noInterface, block(binary.LittleEndian, blockEnhanced, make([]byte, 20))...)
	for name, test := range map[string]struct {
		file   []byte
		events int
		says   string
	}{
		"cut in a header":          {join(pcap, []byte{1, 2, 3}), 1, "after packet 2: the file is cut off"},
		"cut in a packet":          {pcap[:len(pcap)-1], 0, "after packet 1: the file is cut off"},
		"a packet of 2 GiB":        {join(pcap, huge), 1, "after packet 2: a packet of 2147483648 bytes: the file is damaged"},
		"a link type of a radio":   {otherLink, 0, "link type 254"},
		"a version of the future":  {version, 0, "version 9"},
		"pcapng cut":               {ng[:len(ng)-2], 0, "after packet 1: the file is cut off"},
		"pcapng, rubbish behind":   {join(ng, []byte("0123456789abcdef")), 1, "after packet 2: a block of"},
		"pcapng, no interface":     {noInterface, 0, "of interface 0, which the file does not describe"},
		"pcapng, no byte order":    {[]byte{0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 28, 1, 2, 3, 4}, 0, "without a byte order"},
		"empty behind its header":  {pcap[:pcapHeader], 0, ""},
		"only the header, and cut": {pcap[:pcapHeader-1], 0, "after packet 0: the file is cut off"},
	} {
		events, err := eventsOf(t, &Source{Name: "file", Input: bytes.NewReader(test.file)})
		var partial *source.PartialError
		switch {
		case len(events) != test.events:
			t.Errorf("%s: %d events, want %d", name, len(events), test.events)
		case test.says == "" && err != nil, test.says != "" && (!errors.As(err, &partial) || !strings.Contains(err.Error(), test.says) || strings.Count(err.Error(), "\n") > 0):
			t.Errorf("%s: error %v, want %q", name, err, test.says)
		}
	}
}

func recordHeaderOf(captured uint32) []byte {
	head := make([]byte, recordHeader)
	binary.LittleEndian.PutUint32(head[8:], captured)
	return head
}

// TestManyBytesAreNotBelieved: memory follows what is there, whatever a file says.
func TestManyBytesAreNotBelieved(t *testing.T) {
	file := join(pcapOf(binary.LittleEndian, magicMicros, time.Microsecond), recordHeaderOf(frameMax))
	allocated := testing.AllocsPerRun(1, func() {
		_, _ = eventsOf(t, &Source{Name: "file", Input: bytes.NewReader(file)})
	})
	if allocated > 1000 {
		t.Errorf("%f allocations", allocated)
	}
}

// TestAsTshark: editcap converts what we write, and tshark counts the same RSTs.
func TestAsTshark(t *testing.T) {
	editcap, err := exec.LookPath("editcap")
	if err != nil {
		t.Skip("needs editcap of Wireshark")
	}
	dir := t.TempDir()
	first := filepath.Join(dir, "first.pcap")
	if err := os.WriteFile(first, pcapOf(binary.BigEndian, magicNanos, time.Nanosecond, refusal(t)...), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"pcap", "nsecpcap", "pcapng"} {
		second := filepath.Join(dir, format)
		if out, err := exec.Command(editcap, "-F", format, first, second).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		file, err := os.Open(second)
		if err != nil {
			t.Fatal(err)
		}
		events, err := eventsOf(t, &Source{Name: format, Input: file})
		file.Close()
		if err != nil || len(events) != 1 || events[0].Cause != cause.Refused {
			t.Errorf("%s: %v, error %v", format, events, err)
		}
	}
}

// FuzzRun: no file crashes the reader, and every error names the file and is one line.
func FuzzRun(f *testing.F) {
	packets := refusal(f)
	f.Add(pcapOf(binary.LittleEndian, magicMicros, time.Microsecond, packets...))
	f.Add(pcapOf(binary.BigEndian, magicNanos, time.Nanosecond, packets...))
	f.Add(pcapngOf(binary.LittleEndian, packets...))
	f.Add(pcapngOf(binary.BigEndian, packets...))
	f.Fuzz(func(t *testing.T, file []byte) {
		events, err := eventsOf(t, &Source{Name: "file", Input: bytes.NewReader(file), Note: func(string) {}})
		if err != nil && (!strings.HasPrefix(err.Error(), "file: ") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%v", err)
		}
		for _, e := range events {
			if e.Capture.RST == 0 || !e.Local.Addr.IsValid() || e.RST.Flags&event.RST == 0 {
				t.Errorf("%+v", e)
			}
		}
	})
}

// FuzzDecode: no frame of any link type crashes the decoder.
func FuzzDecode(f *testing.F) {
	for _, wrapping := range wrapped(f) {
		f.Add(wrapping.link, wrapping.data, 0)
	}
	f.Fuzz(func(t *testing.T, link uint32, data []byte, more int) {
		var d decoder
		if d.decode(link, data, len(data)+max(0, more%1000)) != segment {
			return
		}
		p := &d.packet
		if len(p.Payload()) > int(p.Len) || len(p.Segment) > len(data) || uint32(len(p.Segment)) > p.Sent {
			t.Errorf("%s", fmt.Sprintf("%+v", *p))
		}
	})
}
