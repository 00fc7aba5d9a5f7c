package jsonl

import "github.com/rsttrace/rsttrace/pkg/event"

// Coverage writes what a host would have shown, as a line of kind "coverage".
func (s *Sink) Coverage(c *event.Coverage) error {
	line := appendCoverage(s.out.Open(), c, &s.moments)
	return s.out.Commit(append(line, '\n'))
}

// appendCoverage appends the JSON form of c. Order and names are those of the fields of
// event.Coverage.
func appendCoverage(buf []byte, c *event.Coverage, m *moments) []byte {
	l := begin(buf, event.SchemaVersion, m, &c.Host, c.Time, event.KindCoverage)
	l = l.textAlways(`"phase":`, string(c.Phase))
	l = m.append(l, `"since":`, c.Since)
	l = l.openList(`"dirs":`)
	for _, dir := range c.Dirs {
		l = l.textAlways("", string(dir))
	}
	l = l.closeList()
	l = l.text(`"filter":`, c.Filter)
	l = l.number(`"maxRate":`, uint64(c.MaxRate))
	l = l.texts(`"limits":`, c.Limits)
	l = l.number(`"lostEvents":`, c.Lost)
	l = l.number(`"missed":`, c.Missed)
	l = l.flag(`"heldBack":`, c.HeldBack)
	if len(c.Addresses) > 0 {
		l = l.openList(`"addresses":`)
		for _, addr := range c.Addresses {
			l = l.address("", addr)
		}
		l = l.closeList()
	}
	l = l.flag(`"forwards":`, c.Forwards)
	return l.text(`"kernel":`, c.Kernel).whole()
}
