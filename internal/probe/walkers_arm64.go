package probe

import "golang.org/x/sys/unix"

// olderLookingCalls exist only on architectures that are older than the *at calls,
// except the one that this architecture calls differently.
var olderLookingCalls = []uint32{unix.SYS_FSTATAT}
