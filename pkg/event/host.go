package event

import "time"

// Host says which machine an item is of. It is part of every item. What is not known is "".
type Host struct {
	// HostName is what people call the machine.
	HostName string `json:"host,omitzero"`
	// HostID tells machines apart that have one name. It comes from the machine id, but does
	// not show it.
	HostID string `json:"hostId,omitzero"`
	// BootID is the kernel's, of one boot of the machine.
	BootID string `json:"bootId,omitzero"`
}

// Key tells hosts apart: the id, or else the name. "" is not known.
func (h *Host) Key() string {
	if h.HostID != "" {
		return h.HostID
	}
	return h.HostName
}

// OfHost returns a stage that says of each item which machine it is of. An item that says it
// already stays as it is.
func OfHost(h Host, to Sink) Sink {
	if h == (Host{}) {
		return to
	}
	return &ofHost{host: h, to: to}
}

type ofHost struct {
	host Host
	to   Sink
}

func (s *ofHost) say(h *Host) {
	if *h == (Host{}) {
		*h = s.host
	}
}

func (s *ofHost) Event(e *Event) error {
	s.say(&e.Host)
	return s.to.Event(e)
}

func (s *ofHost) Followup(f *Followup) error {
	s.say(&f.Host)
	return s.to.Followup(f)
}

func (s *ofHost) Finding(f *Finding) error {
	s.say(&f.Host)
	return s.to.Finding(f)
}

func (s *ofHost) Totals(t *Totals) error {
	s.say(&t.Host)
	return s.to.Totals(t)
}

func (s *ofHost) Loss(l *Loss) error {
	s.say(&l.Host)
	return s.to.Loss(l)
}

func (s *ofHost) Audit(a *Audit) error {
	s.say(&a.Host)
	return s.to.Audit(a)
}

func (s *ofHost) Coverage(c *Coverage) error {
	s.say(&c.Host)
	return s.to.Coverage(c)
}

func (s *ofHost) Flush(now time.Time) error { return s.to.Flush(now) }
