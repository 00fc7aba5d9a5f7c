package finding

// recentMax is how many of the last events are known by number. An echo, a late other
// end or a follow-up belongs to one of them.
const recentMax = 4096

// recent knows the groups of the last events.
type recent struct {
	ids    [recentMax]uint64
	groups [recentMax]*group
}

func (r *recent) add(id uint64, g *group) {
	r.ids[id%recentMax], r.groups[id%recentMax] = id, g
}

// find returns nil for an event that is too old, or that was not shown.
func (r *recent) find(id uint64) *group {
	if id == 0 || r.ids[id%recentMax] != id {
		return nil
	}
	return r.groups[id%recentMax]
}
