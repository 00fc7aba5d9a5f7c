package report

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/rsttrace/rsttrace/internal/printable"
	"github.com/rsttrace/rsttrace/internal/sink/text"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

const (
	// ofEachFinding are kept also beyond the limit, so that a flood does not hide what
	// comes after it. All of them together are at most as many as the limit.
	ofEachFinding = 100
	// heldBytesMax bounds the events before they are packed.
	heldBytesMax = 96 << 20
	followupsMax = 10_000
	// listedMax is how many events the page lists where no script runs.
	listedMax = 200
)

// heldEvents are the events on the page. A row per event is packed at once: only the
// packed form, and each different string once, stay in memory.
type heldEvents struct {
	most, kept, beyond int
	bytes              int
	run                int
	last               uint64 // number of the last event of the run
	start              int64  // microseconds since 1970: times count from here
	packed             bytes.Buffer
	packer             *gzip.Writer
	line               []byte
	strings            map[string]int
	ordered            []string
	ofFinding          map[uint64]uint32
	followups          []followup
	first              []listed
}

// followup is a sentence about an event.
type followup struct {
	run   int
	event uint64
	text  string
}

func (h *heldEvents) init(most int) {
	h.most = most
	h.packer = gzip.NewWriter(&h.packed)
	h.strings = make(map[string]int)
	h.ofFinding = make(map[uint64]uint32)
	h.number("")
	h.write([]byte(`{"rows":[`))
}

func (h *heldEvents) newRun() {
	if h.last != 0 {
		h.run++
	}
	h.last = 0
}

// wants reports whether there is room for an event.
func (h *heldEvents) wants(e *event.Event) bool {
	switch {
	case h.bytes >= heldBytesMax:
		return false
	case h.kept < h.most:
		return true
	case h.ofFinding[e.Finding] < ofEachFinding && h.beyond < h.most:
		h.beyond++
		return true
	}
	return false
}

func (h *heldEvents) add(e *event.Event) {
	h.last = e.ID
	if !h.wants(e) {
		return
	}
	if len(h.ofFinding) < findingsMax {
		h.ofFinding[e.Finding]++
	}
	if h.kept == 0 {
		h.start = e.Time.UnixMicro()
	}
	if len(h.first) < listedMax {
		h.first = append(h.first, listedOf(e))
	}
	h.line = h.line[:0]
	if h.kept > 0 {
		h.line = append(h.line, ',', '\n')
	}
	h.kept++
	h.line = append(h.line, '[')
	h.appendRow(e)
	h.line[len(h.line)-1] = ']'
	h.write(h.line)
}

// appendRow writes the values of an event in the order that report.js knows, each with
// a comma behind it.
func (h *heldEvents) appendRow(e *event.Event) {
	h.int(e.Time.UnixMicro() - h.start)
	h.int(int64(e.ID))
	h.int(int64(h.run))
	h.string(string(e.Dir))
	h.string(string(e.Cause))
	h.string(addressOf(e.Local))
	h.int(int64(e.Local.Port))
	h.string(addressOf(e.Peer))
	h.int(int64(e.Peer.Port))
	h.string(text.OwnerName(e))
	h.string(errnoOf(e))
	h.string(e.State.String())
	h.int(int64(e.Finding))
	h.int(int64(e.PeerEvent))
	h.quoted(clip(e.Summary))
	h.string(e.Remedy)
	h.string(strings.Join(e.Because, "; "))
	h.int(int64(e.Lost.UnreadBytes))
	h.int(int64(e.Lost.UnsentBytes))
	h.int(int64(e.Lost.UnackedBytes))
	quiet, known := finding.Silence(e)
	h.known(known, quiet)
	h.known(e.Conn.AgeMillis > 0, e.Conn.AgeMillis)
	h.known(e.Conn.Known, e.Conn.BytesReceived)
	h.known(e.Conn.Known, e.Conn.BytesAcked)
	h.string(e.RST.Flags.String())
	h.known(e.RST.TTL > 0, uint64(e.RST.TTL))
	h.string(strings.TrimSpace(e.Hook + " " + string(e.Via)))
	h.string(e.KernelReason)
	h.string(e.Netns.Name)
	h.string(string(e.Certainty))
	h.bool(e.LocalSent())
	h.string(packetsOf(&e.Capture))
}

// packetsOf names the packets of a capture behind an event, as Wireshark numbers them.
func packetsOf(c *event.InCapture) string {
	if c.IsZero() {
		return ""
	}
	text := strconv.FormatUint(c.RST, 10)
	for i, n := range c.Others {
		if i == 0 {
			text += ", decided by "
		} else {
			text += ", "
		}
		text += strconv.FormatUint(n, 10)
	}
	return text
}

func (h *heldEvents) bool(b bool) {
	if b {
		h.int(1)
	} else {
		h.int(0)
	}
}

func (h *heldEvents) int(n int64) { h.line = append(strconv.AppendInt(h.line, n, 10), ',') }

// known writes -1 for what is not known.
func (h *heldEvents) known(known bool, n uint64) {
	if !known {
		h.int(-1)
		return
	}
	h.line = append(strconv.AppendUint(h.line, n, 10), ',')
}

// string writes the number of a string.
func (h *heldEvents) string(text string) { h.int(int64(h.number(clip(text)))) }

func (h *heldEvents) quoted(text string) { h.line = append(appendQuoted(h.line, text), ',') }

func (h *heldEvents) number(text string) int {
	at, known := h.strings[text]
	if !known {
		at = len(h.ordered)
		text = strings.Clone(text)
		h.strings[text] = at
		h.ordered = append(h.ordered, text)
		h.bytes += len(text)
	}
	return at
}

func (h *heldEvents) write(part []byte) {
	h.bytes += len(part)
	_, _ = h.packer.Write(part) // into memory: it cannot fail
}

func (h *heldEvents) followup(f *event.Followup) {
	if len(h.followups) < followupsMax {
		h.followups = append(h.followups, followup{h.run, f.Event, clip(text.FollowupText(f))})
	}
}

// bytesPacked ends the events and returns them as the page has them.
func (h *heldEvents) bytesPacked(into map[uint64]uint64) []byte {
	line := []byte("],\n\"strings\":[")
	for i, text := range h.ordered {
		if i > 0 {
			line = append(line, ',', '\n')
		}
		line = appendQuoted(line, text)
	}
	line = append(line, "],\n\"followups\":["...)
	for i, f := range h.followups {
		if i > 0 {
			line = append(line, ',', '\n')
		}
		line = strconv.AppendInt(append(line, '['), int64(f.run), 10)
		line = strconv.AppendUint(append(line, ','), f.event, 10)
		line = append(appendQuoted(append(line, ','), f.text), ']')
	}
	line = append(line, "],\n\"into\":["...)
	for i, pair := range sortedPairs(into) {
		if i > 0 {
			line = append(line, ',')
		}
		line = strconv.AppendUint(append(line, '['), pair[0], 10)
		line = append(strconv.AppendUint(append(line, ','), pair[1], 10), ']')
	}
	line = append(line, "],\n\"start\":"...)
	h.write(append(strconv.AppendInt(line, h.start, 10), "}\n"...))
	_ = h.packer.Close()
	return h.packed.Bytes()
}

// appendQuoted writes printable text as a string of JSON.
func appendQuoted(line []byte, text string) []byte {
	text = printable.Text(text)
	line = append(line, '"')
	for i := range len(text) {
		if c := text[i]; c == '"' || c == '\\' {
			line = append(line, '\\')
		}
		line = append(line, text[i])
	}
	return append(line, '"')
}
