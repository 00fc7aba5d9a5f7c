package probe

import "golang.org/x/sys/unix"

// olderLookingCalls exist only on architectures that are older than the *at calls.
var olderLookingCalls = []uint32{
	unix.SYS_OPEN, unix.SYS_CREAT, unix.SYS_READLINK, unix.SYS_STAT, unix.SYS_LSTAT, unix.SYS_NEWFSTATAT, unix.SYS_ACCESS,
	unix.SYS_GETDENTS, unix.SYS_CHMOD, unix.SYS_CHOWN, unix.SYS_LCHOWN, unix.SYS_UTIME, unix.SYS_UTIMES, unix.SYS_FUTIMESAT,
	unix.SYS_LINK, unix.SYS_SYMLINK, unix.SYS_UNLINK, unix.SYS_MKDIR, unix.SYS_RMDIR, unix.SYS_MKNOD, unix.SYS_RENAME,
}
