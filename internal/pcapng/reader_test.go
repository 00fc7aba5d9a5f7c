package pcapng

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// file is a recording of one packet and one log entry.
func file() []byte {
	var b Buffer
	b.Section("rsttrace 1", RecordingComment("a1"))
	b.Interface("eth0", Namespace(7, "web"), 256)
	b.Packet(0, 1_700_000_000_123_456_789, []byte("\x45packet"), 99)
	b.Text(OptionComment, TriggerComment(12))
	b.Item([]byte(`{"schema":2}`))
	b.Word(OptionPacketFlags, Inbound)
	b.Thread(812, 813)
	b.End()
	b.Entry(&Entry{Micros: 5, Message: "hello", Priority: '6', Item: []byte(`{"schema":2,"kind":"lost"}`)})
	return b.Bytes
}

func blocks(t *testing.T, input []byte) (all []Block, err error) {
	t.Helper()
	r := NewReader(bytes.NewReader(input))
	for {
		block, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		block.Body = slices.Clone(block.Body)
		all = append(all, block)
	}
}

func TestReader(t *testing.T) {
	all, err := blocks(t, file())
	if err != nil || len(all) != 4 {
		t.Fatalf("%d blocks, %v", len(all), err)
	}
	if run, ok := RunOf(all[0].Comments()); !ok || run != "a1" {
		t.Errorf("run %q", run)
	}
	p, ok := all[2].Packet()
	if !ok || string(p.Data) != "\x45packet" || p.Length != 99 || p.Interface != 0 {
		t.Errorf("%+v", p)
	}
	notes := all[2].Notes(p.Options, nil)
	if string(notes.Item) != `{"schema":2}` || notes.Answer != 12 || notes.Rebuilt {
		t.Errorf("%+v", notes)
	}
	var options []uint16
	for code, value := range all[2].Options(p.Options) {
		options = append(options, code)
		if code == OptionPacketThread && binary.LittleEndian.Uint64(value) != 813<<32|812 {
			t.Errorf("% x", value)
		}
	}
	if !slices.Equal(options, []uint16{OptionComment, OptionComment, OptionPacketFlags, OptionPacketThread}) {
		t.Errorf("options %d", options)
	}
	var j Journal
	if item := j.Add(all[3]); string(item) != `{"schema":2,"kind":"lost"}` {
		t.Errorf("%q", item)
	}
}

// TestBigEndian: another machine may have copied the file in its own byte order.
func TestBigEndian(t *testing.T) {
	order := binary.BigEndian
	var b []byte
	b = order.AppendUint32(b, SectionHeader)
	b = order.AppendUint32(b, 28)
	b = order.AppendUint32(b, orderMagic)
	b = order.AppendUint32(b, 1<<16)
	b = order.AppendUint64(b, 1<<64-1)
	b = order.AppendUint32(b, 28)
	b = order.AppendUint32(b, EnhancedPacket)
	b = order.AppendUint32(b, 48)
	for _, word := range []uint32{0, 0, 0, 4, 90} {
		b = order.AppendUint32(b, word)
	}
	b = append(b, "\x45abc\x00\x01\x00\x03hey\x00\x00\x00\x00\x00"...)
	b = order.AppendUint32(b, 48)
	all, err := blocks(t, b)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d blocks, %v", len(all), err)
	}
	p, ok := all[1].Packet()
	if !ok || p.Length != 90 || string(p.Data) != "\x45abc" {
		t.Errorf("%+v", p)
	}
	for code, value := range all[1].Options(p.Options) {
		if code != OptionComment || string(value) != "hey" {
			t.Errorf("%d %q", code, value)
		}
	}
}

// TestCut: wherever a file ends, the blocks before it are read.
func TestCut(t *testing.T) {
	whole := file()
	all, _ := blocks(t, whole)
	ends := []int{0}
	for _, block := range all {
		ends = append(ends, ends[len(ends)-1]+len(block.Body)+blockMin)
	}
	for length := range whole {
		got, err := blocks(t, whole[:length])
		want, atEnd := slices.BinarySearch(ends, length)
		if !atEnd {
			want--
		}
		if len(got) != want || (err == nil) != atEnd || err != nil && !errors.Is(err, ErrCut) {
			t.Errorf("%d bytes: %d blocks, want %d: %v", length, len(got), want, err)
		}
	}
}

func TestDamaged(t *testing.T) {
	damage := func(at int, word uint32) []byte {
		b := file()
		binary.LittleEndian.PutUint32(b[at:], word)
		return b
	}
	for name, b := range map[string][]byte{
		"no order":     damage(8, 7),
		"short":        damage(4, 8),
		"odd":          damage(4, 29),
		"huge":         damage(4, BlockMax+4),
		"another end":  damage(First(file(), 4096)-4, 16),
		"all the same": bytes.Repeat([]byte{0x0a}, 64),
	} {
		if got, err := blocks(t, b); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "at byte 0") {
			t.Errorf("%s: %d blocks, %v", name, len(got), err)
		}
	}
}

// TestHead: the first bytes tell what a file is, as far as they are there.
func TestHead(t *testing.T) {
	head := file()
	first := First(head, 4096)
	if !IsRecording(head[:first]) || IsRecording(head[:first-1]) || IsRecording(nil) {
		t.Error("a recording is known by its first block, and by nothing less")
	}
	var b Buffer
	b.Section("Dumpcap", "a comment")
	if IsRecording(b.Bytes) || !Begins(b.Bytes) {
		t.Error("a capture of another program is no recording")
	}
	if First([]byte("{\"schema\":2,\"kind\""), 4096) != 0 || First(head, 20) != 20 {
		t.Error("the first block")
	}
}

func TestNamespace(t *testing.T) {
	for _, test := range []struct {
		inode uint32
		name  string
		want  string
	}{{0, "", "network namespace not known"}, {7, "", "network namespace 7"}, {7, "web 1", "network namespace 7 web 1"}} {
		got := Namespace(test.inode, test.name)
		if got != test.want || NamespaceOf(got) != test.inode {
			t.Errorf("%q, %d", got, NamespaceOf(got))
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(file())
	f.Add(file()[:100])
	f.Fuzz(func(t *testing.T, input []byte) {
		r := NewReader(bytes.NewReader(input))
		var j Journal
		_ = IsRecording(input)
		for {
			block, err := r.Next()
			if err != nil {
				if cap(r.body) > 4*len(input)+(256<<10) {
					t.Errorf("%d bytes of memory for %d", cap(r.body), len(input))
				}
				return
			}
			j.Add(block)
			if p, ok := block.Packet(); ok {
				block.Notes(p.Options, nil)
			}
		}
	})
}
