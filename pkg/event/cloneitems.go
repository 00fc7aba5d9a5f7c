package event

import "slices"

// Clone returns a copy of f that shares no memory with it that changes.
func (f *Finding) Clone() *Finding {
	c := *f
	c.Because = slices.Clone(f.Because)
	c.Actor.Owner, c.Victim.Owner = f.Actor.Owner.clone(), f.Victim.Owner.clone()
	c.Errors = slices.Clone(f.Errors)
	c.Numbers = slices.Clone(f.Numbers)
	c.Absorbed = slices.Clone(f.Absorbed)
	return &c
}

// Clone returns a copy of t that shares no memory with it that changes.
func (t *Totals) Clone() *Totals {
	c := *t
	c.Counts = slices.Clone(t.Counts)
	c.NotCounted = slices.Clone(t.NotCounted)
	if t.Tops != nil {
		c.Tops = &Tops{Owners: t.Tops.Owners.clone(), Peers: t.Tops.Peers.clone(), Ports: t.Tops.Ports.clone()}
	}
	return &c
}

// Clone returns a copy of a that shares no memory with it that changes.
func (a *Audit) Clone() *Audit {
	c := *a
	c.Counters = slices.Clone(a.Counters)
	c.Notes = slices.Clone(a.Notes)
	return &c
}

func (t Top) clone() Top {
	t.Rows = slices.Clone(t.Rows)
	for i := range t.Rows {
		t.Rows[i].Owner = t.Rows[i].Owner.clone()
	}
	return t
}

func (o Owner) clone() Owner {
	o.UID = clonePointer(o.UID)
	o.Others = slices.Clone(o.Others)
	o.Ended.ExitCode = clonePointer(o.Ended.ExitCode)
	return o
}
