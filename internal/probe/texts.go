package probe

// texts are what the last incoming RSTs said whose own records have yet to come.
// Those of other CPUs may come in between. The zero value is ready.
type texts struct {
	waiting [64]textRecord // as a ring
	next    int
}

// add takes a text of a reset that comes later.
func (t *texts) add(r *textRecord) {
	t.waiting[t.next%len(t.waiting)] = *r
	t.next++
}

// of is the payload that came with a reset, or how it begins, up to what was not
// at hand; nil without.
func (t *texts) of(r *resetRecord) []byte {
	for i := 1; i <= min(t.next, len(t.waiting)); i++ {
		text := &t.waiting[(t.next-i)%len(t.waiting)]
		if text.ResetSk == r.Sk && text.ResetTimeNs == r.TimeNs {
			return text.Payload[:min(int(r.Packet.Len), len(text.Payload))]
		}
	}
	return nil
}
