package owner

// uids is where the user ids of owners stand: one after the other of the same user
// share a place.
type uids struct {
	block []uint32
}

// uidBlock is how many of different users are allocated at a time.
const uidBlock = 128

// of returns where uid stands. What stands there is never changed.
func (u *uids) of(uid uint32) *uint32 {
	last := len(u.block) - 1
	if last >= 0 && u.block[last] == uid {
		return &u.block[last]
	}
	if len(u.block) == cap(u.block) {
		u.block, last = make([]uint32, 0, uidBlock), -1
	}
	u.block = append(u.block, uid)
	return &u.block[last+1]
}
