package event

// ValueArena allocates optional numbers of events: many in one allocation, and
// equal ones that follow each other only once. The zero value is ready.
// It is for one goroutine.
type ValueArena[T comparable] struct {
	block []T
}

// valueBlock is how many different values are allocated at a time.
const valueBlock = 128

// Pointer returns a pointer to v. What it points to never changes.
func (s *ValueArena[T]) Pointer(v T) *T {
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
