package event

import "testing"

func TestValues(t *testing.T) {
	var values ValueArena[uint32]
	var got []*uint32
	for v := range uint32(3 * valueBlock) {
		got = append(got, values.Pointer(v), values.Pointer(v))
	}
	for i, v := range got {
		if *v != uint32(i/2) {
			t.Fatalf("place %d has %d, want %d", i, *v, i/2)
		}
	}
	if n := testing.AllocsPerRun(1000, func() { values.Pointer(7) }); n != 0 {
		t.Errorf("%v allocations for equal values", n)
	}
}
