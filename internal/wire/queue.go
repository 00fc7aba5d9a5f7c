package wire

// queue holds the RSTs that wait, in their order. They have running numbers.
type queue struct {
	ring       []sight
	head, tail int64
}

func (q *queue) len() int { return int(q.tail - q.head) }

// push returns a new last place, which has what was there before.
func (q *queue) push() *sight {
	if q.len() == len(q.ring) {
		larger := make([]sight, max(64, 2*len(q.ring)))
		for n := q.head; n < q.tail; n++ {
			larger[n%int64(len(larger))] = *q.at(n)
		}
		q.ring = larger
	}
	q.tail++
	return q.at(q.tail - 1)
}

func (q *queue) at(n int64) *sight { return &q.ring[n%int64(len(q.ring))] }

func (q *queue) oldest() *sight { return q.at(q.head) }

func (q *queue) pop() { q.head++ }

// find returns a RST by number, nil if it is decided.
func (q *queue) find(n int64) *sight {
	if n < q.head || n >= q.tail {
		return nil
	}
	return q.at(n)
}
