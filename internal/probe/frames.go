package probe

import "github.com/rsttrace/rsttrace/pkg/event"

// frames are the packets of resets whose reset records have yet to come. Records of
// other CPUs may come in between. The zero value is ready.
type frames struct {
	waiting []frameRecord // as a ring
	next    int
	bytes   []byte // of the packets in the batch
}

// framesMax is how many records of other CPUs may come between a packet and its reset.
const framesMax = 256

// clear forgets the bytes of the last batch.
func (f *frames) clear() { f.bytes = f.bytes[:0] }

// add takes the packet of a reset whose record comes later.
func (f *frames) add(r *frameRecord) {
	if f.waiting == nil {
		f.waiting = make([]frameRecord, framesMax)
	}
	f.waiting[f.next%framesMax] = *r
	f.next++
}

// of is what came with a reset; nil without.
func (f *frames) of(r *resetRecord) *frameRecord {
	for i := 1; i <= min(f.next, len(f.waiting)); i++ {
		frame := &f.waiting[(f.next-i)%framesMax]
		if frame.ResetSk == r.Sk && frame.ResetTimeNs == r.TimeNs {
			return frame
		}
	}
	return nil
}

// addFrames fills in the packet that the hook had. Its bytes are valid as long as the batch.
func (in *interner) addFrames(r *resetRecord, e *event.Event) {
	var record *frameRecord
	if e.Evidence.SeesPacket() || e.Evidence.Hook == event.HookSendActive {
		record = in.frames.of(r)
	}
	if record == nil {
		return
	}
	if record.Sent != 0 {
		e.Frames.SentRST = event.SentRST{
			Known:      true,
			Timestamps: record.Timestamps != 0,
			TSVal:      record.Tsval,
			TSEcr:      record.Tsecr,
			TTL:        record.Ttl,
			TOS:        record.Tos,
		}
	}
	frame := in.frame(record)
	if event.TCPFlags(r.Packet.Flags).Has(event.RST) {
		e.Frames.RST = frame
	} else {
		e.Frames.Trigger = frame
	}
}

func (in *interner) frame(r *frameRecord) event.Frame {
	captured := min(int(r.Captured), len(r.Data))
	if captured == 0 {
		return event.Frame{}
	}
	start := len(in.frames.bytes)
	in.frames.bytes = append(in.frames.bytes, r.Data[:captured]...)
	end := len(in.frames.bytes)
	return event.Frame{
		Data:    in.frames.bytes[start:end:end],
		Length:  r.Length,
		Ifindex: r.Ifindex,
		Ifname:  in.text(r.Ifname[:]),
		Netns:   r.Netns,
	}
}
