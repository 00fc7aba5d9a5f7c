package jsonl

import "github.com/rsttrace/rsttrace/pkg/event"

// Finding writes a line of kind "finding".
func (s *Sink) Finding(f *event.Finding) error {
	line := appendFinding(s.out.Open(), f, &s.moments)
	return s.out.Commit(append(line, '\n'))
}

// appendFinding appends the JSON form of f. Order and names are those of the fields of
// event.Finding.
func appendFinding(buf []byte, f *event.Finding, m *moments) []byte {
	l := begin(buf, event.SchemaVersion, m, &f.Host, f.Time, event.KindFinding)
	l = l.numberAlways(`"id":`, f.ID)
	l = l.textAlways(`"phase":`, string(f.Phase))
	l = l.text(`"pattern":`, string(f.Pattern))
	l = l.textAlways(`"cause":`, string(f.Cause))
	l = l.textAlways(`"dir":`, string(f.Dir))
	l = l.flag(`"fromLocal":`, f.FromLocal)
	l = l.textAlways(`"certainty":`, string(f.Certainty))
	l = l.texts(`"because":`, f.Because)
	l = l.flag(`"harmless":`, f.Harmless)
	l = l.textAlways(`"summary":`, f.Summary)
	l = l.text(`"remedy":`, f.Remedy)
	l = appendParty(l, `"actor":`, &f.Actor)
	l = appendParty(l, `"victim":`, &f.Victim)
	if f.Server != (event.Endpoint{}) {
		l = appendEndpoint(l, `"server":`, f.Server)
	}
	l = appendEndpoint(l, `"local":`, f.Local)
	l = appendEndpoint(l, `"peer":`, f.Peer)
	l = appendNetns(l, f.Netns)
	l = appendBy(l, &f.Initiator)
	l = l.numberAlways(`"resets":`, f.Resets)
	l = m.append(l, `"first":`, f.First)
	l = m.append(l, `"last":`, f.Last)
	l = appendTally(l, `"peers":`, f.Peers)
	l = appendTally(l, `"namespaces":`, f.Namespaces)
	l = appendLostBytes(l, &f.Lost)
	l = appendErrors(l, f.Errors)
	l = appendSpreads(l, f.Numbers)
	l = l.number(`"event":`, f.Event)
	l = l.number(`"after":`, f.After)
	if len(f.Absorbed) > 0 {
		l = l.openList(`"absorbed":`)
		for _, id := range f.Absorbed {
			l = l.numberAlways("", id)
		}
		l = l.closeList()
	}
	return l.whole()
}

func appendParty(l line, name string, p *event.Party) line {
	if p.IsZero() {
		return l
	}
	l = l.open(name)
	l = l.text(`"host":`, p.Host)
	l = appendOwner(l, &p.Owner)
	l = appendTally(l, `"pids":`, p.PIDs)
	return l.close()
}

func appendTally(l line, name string, t event.Tally) line {
	if t == (event.Tally{}) {
		return l
	}
	l = l.open(name)
	l = l.numberAlways(`"count":`, t.Count)
	l = l.flag(`"more":`, t.More)
	return l.close()
}

func appendErrors(l line, errors []event.ErrnoCount) line {
	if len(errors) == 0 {
		return l
	}
	l = l.openList(`"errors":`)
	for _, e := range errors {
		l = l.open("")
		l = l.textAlways(`"errno":`, e.Errno)
		l = l.numberAlways(`"count":`, e.Count)
		l = l.close()
	}
	return l.closeList()
}

func appendSpreads(l line, numbers []event.Spread) line {
	if len(numbers) == 0 {
		return l
	}
	l = l.openList(`"numbers":`)
	for _, n := range numbers {
		l = l.open("")
		l = l.textAlways(`"name":`, string(n.Name))
		l = l.numberAlways(`"count":`, n.Count)
		l = l.numberAlways(`"min":`, n.Min)
		l = l.numberAlways(`"median":`, n.Median)
		l = l.numberAlways(`"max":`, n.Max)
		l = l.close()
	}
	return l.closeList()
}
