package audit

import (
	"os"
	"strings"
	"testing"
)

const sample = `Ip: Forwarding DefaultTTL
Ip: 1 64
Tcp: RtoAlgorithm MaxConn AttemptFails EstabResets OutRsts
Tcp: 1 -1 3 4 18446744073709551615
TcpExt: TCPAbortOnData TCPAbortOnMemory
TcpExt: 7 8
MPTcpExt: MPRstTx
MPTcpExt: 9
IpExt: InOctets
IpExt: 10
`

func TestParse(t *testing.T) {
	s := Snapshot{}
	if err := s.parse(strings.NewReader(sample)); err != nil {
		t.Fatal(err)
	}
	want := Snapshot{
		"TcpRtoAlgorithm": 1, "TcpAttemptFails": 3, "TcpEstabResets": 4, "TcpOutRsts": 1<<64 - 1,
		"TCPAbortOnData": 7, "TCPAbortOnMemory": 8, "MPTcpExtMPRstTx": 9,
	}
	if len(s) != len(want) {
		t.Errorf("got %v", s)
	}
	for name, value := range want {
		if s[name] != value {
			t.Errorf("%s = %d, want %d", name, s[name], value)
		}
	}
}

func TestParseRejects(t *testing.T) {
	for _, text := range []string{
		"Tcp: OutRsts\n", "Tcp: OutRsts\nTcp: 1 2\n", "Tcp: OutRsts\nTcp: x\n", "Tcp: A\nUdp: 1\n", "\n\n",
	} {
		if err := (Snapshot{}).parse(strings.NewReader(text)); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

// TestThisKernel fails if an equation names a counter that no longer exists.
func TestThisKernel(t *testing.T) {
	for name, take := range map[string]func() (Snapshot, error){
		"thread":  OfThread,
		"process": func() (Snapshot, error) { return OfProcess(os.Getpid()) },
	} {
		s, err := take()
		if err != nil {
			t.Fatal(err)
		}
		for _, equation := range Equations {
			if _, ok := s[equation.Counter]; !ok {
				t.Errorf("%s: this kernel has no counter %s", name, equation.Counter)
			}
		}
		for counter, grown := range s.Diff(s) {
			if grown != 0 {
				t.Errorf("%s: %s grew by %d in no time", name, counter, grown)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Fuzz(func(_ *testing.T, text string) {
		_ = (Snapshot{}).parse(strings.NewReader(text))
	})
}
