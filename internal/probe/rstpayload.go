package probe

// payloads are those of incoming RSTs whose reset records have yet to come.
// Records of other CPUs may come in between. The zero value is ready.
type payloads struct {
	waiting [64]payloadRecord // as a ring
	next    int
}

// add takes the payload of a reset whose record comes later.
func (p *payloads) add(r *payloadRecord) {
	p.waiting[p.next%len(p.waiting)] = *r
	p.next++
}

// of is the payload that came with a reset, or how it begins, up to what was not
// at hand; nil without.
func (p *payloads) of(r *resetRecord) []byte {
	for i := 1; i <= min(p.next, len(p.waiting)); i++ {
		payload := &p.waiting[(p.next-i)%len(p.waiting)]
		if payload.ResetSk == r.Sk && payload.ResetTimeNs == r.TimeNs {
			return payload.Payload[:min(int(r.Packet.Len), len(payload.Payload))]
		}
	}
	return nil
}
