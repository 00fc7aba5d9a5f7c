package wire

import "testing"

// TestSignatures: row 18. The label says how far the client had come, and which RSTs in
// its name followed.
func TestSignatures(t *testing.T) {
	syn := line{from: "c", flags: "S"}
	synACK := line{from: "s", flags: "S.", ack: 1}
	ack := line{from: "c", flags: ".", seq: 1, ack: 1}
	data := line{from: "c", flags: "P.", seq: 1, ack: 1, len: 10}
	more := line{from: "c", flags: "P.", seq: 11, ack: 1, len: 10}
	rst := func(seq int) line { return line{from: "c", flags: "R", seq: seq} }
	rstACK := func(seq int) line { return line{from: "c", flags: "R.", seq: seq, ack: 1} }
	fin := line{from: "c", flags: "F.", seq: 1, ack: 1}
	for _, test := range []struct {
		lines []line
		want  string
	}{
		{[]line{syn, rst(1)}, "SYN → RST"},
		{[]line{syn, rstACK(1)}, "SYN → RST+ACK"},
		{[]line{syn, rst(1), rstACK(1)}, "SYN → RST;RST+ACK"},
		{[]line{syn, synACK, ack, rst(1)}, "ACK → RST"},
		{[]line{syn, synACK, ack, rst(1), rst(1)}, "ACK → RST;RST"},
		{[]line{syn, synACK, ack, rstACK(1)}, "ACK → RST+ACK"},
		{[]line{syn, synACK, ack, rstACK(1), rstACK(1)}, "ACK → RST+ACK;RST+ACK"},
		{[]line{syn, synACK, ack, data, rst(11)}, "PSH → RST"},
		{[]line{syn, synACK, ack, data, rstACK(11)}, "PSH → RST+ACK"},
		{[]line{syn, synACK, ack, data, rst(11), rstACK(11)}, "PSH → RST;RST+ACK"},
		{[]line{syn, synACK, ack, data, rstACK(11), rstACK(11)}, "PSH → RST+ACK;RST+ACK"},
		{[]line{syn, synACK, ack, data, rst(11), rst(11)}, "PSH → RST=RST"},
		{[]line{syn, synACK, ack, data, more, rst(21)}, "data → RST"},
		{[]line{syn, synACK, ack, data, more, rstACK(21)}, "data → RST+ACK"},
		// No signature: a client that closes, several RSTs late, a RST of the server.
		{[]line{syn, synACK, ack, fin, rst(2)}, ""},
		{[]line{syn, synACK, ack, data, more, rst(21), rst(21)}, ""},
		{[]line{syn, {from: "s", flags: "R.", seq: zeroSeq, ack: 1}}, ""},
	} {
		if got := talk(t, test.lines)[0].Capture.Signature; got != test.want {
			t.Errorf("%q, want %q: %+v", got, test.want, test.lines)
		}
	}
	marks := func(acks ...uint32) (rsts []mark) {
		for _, a := range acks {
			rsts = append(rsts, mark{ack: a})
		}
		return rsts
	}
	for want, rsts := range map[string][]mark{
		"RST=RST": marks(7, 7), "RST≠RST": marks(7, 8), "RST;RST0": marks(7, 0),
	} {
		if got := acksOf(rsts); got != want {
			t.Errorf("%+v: %s, want %s", rsts, got, want)
		}
	}
}
