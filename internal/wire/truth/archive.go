package truth

import (
	"archive/tar"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Case is one capture: what a namespace saw while a scenario was played.
type Case struct {
	Scenario  string       `json:"scenario"`
	Family    event.Family `json:"family"`
	Namespace string       `json:"namespace"`
	Events    []Event      `json:"events"` // that a perfect tracer reports, of all namespaces

	PCAP []byte `json:"-"`
}

// Event is one of them: as much as is needed to find its RST and to judge a verdict.
type Event struct {
	Dir   event.Dir      `json:"dir"`
	Cause event.CauseID  `json:"cause"`
	From  event.Endpoint `json:"from"` // as on the wire
	To    event.Endpoint `json:"to"`
	Flags event.TCPFlags `json:"flags"`
	// Firewall: a rule sent it, in the name of From.
	Firewall bool `json:"firewall,omitempty"`
}

// Name is that of the scenario with its family and namespace.
func (c *Case) Name() string {
	return fmt.Sprintf("%s-%s-%s", c.Scenario, c.Family, c.Namespace)
}

const (
	captureSuffix = ".pcap"
	eventsSuffix  = ".json"
)

// Write writes cases as an archive.
func Write(w io.Writer, cases []Case) error {
	packed := gzip.NewWriter(w)
	archive := tar.NewWriter(packed)
	for i := range cases {
		c := &cases[i]
		text, err := json.MarshalIndent(c, "", " ")
		if err != nil {
			return err
		}
		for _, file := range []struct {
			suffix string
			data   []byte
		}{{eventsSuffix, text}, {captureSuffix, c.PCAP}} {
			head := &tar.Header{Name: c.Name() + file.suffix, Mode: 0o644, Size: int64(len(file.data)), Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}
			if err := archive.WriteHeader(head); err != nil {
				return err
			}
			if _, err := archive.Write(file.data); err != nil {
				return err
			}
		}
	}
	return errors.Join(archive.Close(), packed.Close())
}

// Read reads an archive.
func Read(r io.Reader) ([]Case, error) {
	packed, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	archive := tar.NewReader(packed)
	var cases []Case
	for {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return cases, nil
		}
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			return nil, err
		}
		switch {
		case strings.HasSuffix(head.Name, eventsSuffix):
			var c Case
			if err := json.Unmarshal(data, &c); err != nil {
				return nil, fmt.Errorf("%s: %w", head.Name, err)
			}
			cases = append(cases, c)
		case len(cases) > 0:
			cases[len(cases)-1].PCAP = data
		}
	}
}

// Packet is one packet of a capture, from its IP header on.
type Packet struct {
	Time time.Time
	Data []byte
}

// PCAP writes packets as a file with nanoseconds.
func PCAP(packets []Packet) []byte {
	const (
		nanos   = 0xa1b23c4d
		linkRaw = 101
		snap    = 1 << 16
	)
	file := binary.LittleEndian.AppendUint32(nil, nanos)
	file = binary.LittleEndian.AppendUint16(file, 2)
	file = binary.LittleEndian.AppendUint16(file, 4)
	file = append(file, make([]byte, 8)...)
	file = binary.LittleEndian.AppendUint32(file, snap)
	file = binary.LittleEndian.AppendUint32(file, linkRaw)
	for _, p := range packets {
		file = binary.LittleEndian.AppendUint32(file, uint32(p.Time.Unix()))
		file = binary.LittleEndian.AppendUint32(file, uint32(p.Time.Nanosecond()))
		kept := p.Data[:min(len(p.Data), KeptBytes)]
		file = binary.LittleEndian.AppendUint32(file, uint32(len(kept)))
		file = binary.LittleEndian.AppendUint32(file, uint32(len(p.Data)))
		file = append(file, kept...)
	}
	return file
}

// KeptBytes of each packet keep all headers, and the archive small.
const KeptBytes = 160
