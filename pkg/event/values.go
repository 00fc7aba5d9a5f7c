package event

// Values is where optional numbers of events stand: many in one allocation, and
// equal ones that come one after the other in one place. The zero value is ready.
// It is for one goroutine.
type Values[T comparable] struct {
	block []T
}

// valueBlock is how many different values are allocated at a time.
const valueBlock = 128

// Of returns where v stands. What stands there is never changed.
func (s *Values[T]) Of(v T) *T {
	last := len(s.block) - 1
	if last >= 0 && s.block[last] == v {
		return &s.block[last]
	}
	if len(s.block) == cap(s.block) {
		s.block, last = make([]T, 0, valueBlock), -1
	}
	s.block = append(s.block, v)
	return &s.block[last+1]
}
