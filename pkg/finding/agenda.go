package finding

import "container/heap"

// agenda has the groups in the order in which something of them may be due: so the work
// does not grow with their number.
type agenda []*group

func (a agenda) Len() int { return len(a) }

func (a agenda) Less(i, j int) bool {
	if a[i].wake.Equal(a[j].wake) {
		return a[i].id < a[j].id
	}
	return a[i].wake.Before(a[j].wake)
}

func (a agenda) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].at, a[j].at = i+1, j+1
}

func (a *agenda) Push(x any) {
	g := x.(*group)
	*a = append(*a, g)
	g.at = len(*a)
}

func (a *agenda) Pop() any {
	last := len(*a) - 1
	g := (*a)[last]
	(*a)[last] = nil
	*a = (*a)[:last]
	g.at = 0
	return g
}

// begin takes a group whose first update is set.
func (a *agenda) begin(g *group) {
	g.sleep()
	heap.Push(a, g)
}

// wakeLater moves a group to when something of it may be due next.
func (a *agenda) wakeLater(g *group) {
	g.sleep()
	heap.Fix(a, g.at-1)
}

// remove forgets a group. One that was never said is not there.
func (a *agenda) remove(g *group) {
	if g.at > 0 {
		heap.Remove(a, g.at-1)
	}
}

// sleep sets when the group is due: for its next update, or for its end if it stays quiet.
func (g *group) sleep() {
	g.wake = g.said.due
	if ends := g.last.Add(quietFor); ends.Before(g.wake) {
		g.wake = ends
	}
}
