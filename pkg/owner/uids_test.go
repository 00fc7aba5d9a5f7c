package owner

import "testing"

func TestUIDs(t *testing.T) {
	var u uids
	var got []*uint32
	for uid := range uint32(3 * uidBlock) {
		got = append(got, u.of(uid), u.of(uid))
	}
	for i, uid := range got {
		if *uid != uint32(i/2) {
			t.Fatalf("place %d has %d, want %d", i, *uid, i/2)
		}
	}
	if n := testing.AllocsPerRun(1000, func() { u.of(7) }); n != 0 {
		t.Errorf("%v allocations for one user", n)
	}
}
