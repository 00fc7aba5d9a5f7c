package jsonl

import (
	"github.com/rsttrace/rsttrace/pkg/event"
)

func appendCounts(buf []byte, t *event.Totals, m *moments) []byte {
	l := begin(buf, event.SchemaVersion, m, &t.Host, t.Time, event.KindCounts)
	l = l.openList(`"causes":`)
	for _, c := range t.Sorted() {
		l = l.open("")
		l = l.text(`"dir":`, string(c.Dir))
		l = l.textAlways(`"cause":`, string(c.Cause))
		l = l.numberAlways(`"events":`, c.Events)
		l = l.close()
	}
	l = l.closeList()
	l = l.numberAlways(`"shown":`, t.Shown)
	l = l.numberAlways(`"notShown":`, t.NotShown)
	l = l.numberAlways(`"lostEvents":`, t.Lost) // "lost" is an object, of events
	l = l.numberAlways(`"missed":`, t.Missed)
	l = l.number(`"ownersNotSought":`, t.OwnersNotSought)
	l = l.texts(`"notCounted":`, t.NotCounted)
	l = appendLostRecords(l, &t.LostRecords)
	if t.Tops != nil {
		l = appendTops(l, t.Tops)
	}
	return l.whole()
}

func appendLostRecords(l line, lost *event.LostRecords) line {
	start := len(l)
	l = l.open(`"lostRecords":`)
	l = l.number(`"holders":`, lost.Holders)
	l = l.number(`"modules":`, lost.Modules)
	l = l.number(`"signals":`, lost.Signals)
	l = l.number(`"errors":`, lost.Errors)
	l = l.number(`"payloads":`, lost.Payloads)
	l = l.number(`"cgroups":`, lost.Cgroups)
	l = l.number(`"commands":`, lost.Commands)
	l = l.number(`"packets":`, lost.Packets)
	return l.closeUnlessEmpty(start)
}

func appendLost(buf []byte, loss *event.Loss, m *moments) []byte {
	l := begin(buf, event.SchemaVersion, m, &loss.Host, loss.Time, event.KindLost)
	l = l.numberAlways(`"events":`, loss.Events)
	return l.whole()
}
