package probe

import "golang.org/x/sys/unix"

// What a thread does that looks at files of other processes, by system call. It
// may be left with the last reference to one of them, see bpf/walker.h.
var (
	// lookingCalls follow a path, which may lead below /proc/PID/fd, or ask the
	// kernel about a file of another process.
	lookingCalls = append([]uint32{
		unix.SYS_OPENAT, unix.SYS_OPENAT2, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_NAME_TO_HANDLE_AT,
		unix.SYS_READLINKAT, unix.SYS_STATX, unix.SYS_FACCESSAT, unix.SYS_FACCESSAT2,
		unix.SYS_STATFS, unix.SYS_CHDIR, unix.SYS_CHROOT, unix.SYS_GETDENTS64,
		unix.SYS_FCHMODAT, unix.SYS_FCHOWNAT, unix.SYS_UTIMENSAT, unix.SYS_LINKAT, unix.SYS_SYMLINKAT,
		unix.SYS_UNLINKAT, unix.SYS_MKDIRAT, unix.SYS_MKNODAT, unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_TRUNCATE,
		unix.SYS_GETXATTR, unix.SYS_LGETXATTR, unix.SYS_LISTXATTR, unix.SYS_LLISTXATTR,
		unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR,
		unix.SYS_INOTIFY_ADD_WATCH, unix.SYS_FANOTIFY_MARK, unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_OPEN_TREE, unix.SYS_MOVE_MOUNT,
		unix.SYS_KCMP, unix.SYS_BPF, unix.SYS_PIDFD_GETFD,
	}, olderLookingCalls...)

	// readingCalls do so only if the file that they read is a list of files: the
	// first argument, or the second one of sendfile.
	readingCalls = []uint32{
		unix.SYS_READ, unix.SYS_PREAD64, unix.SYS_READV, unix.SYS_PREADV, unix.SYS_PREADV2, unix.SYS_LSEEK,
		unix.SYS_SPLICE, unix.SYS_COPY_FILE_RANGE, unix.SYS_SENDFILE,
	}
)

// callSet is SYSTEM_CALLS of bpf/config.h, a bit for each.
type callSet [512 / 64]uint64

func setOf(calls []uint32) (set callSet) {
	for _, call := range calls {
		set[call/64] |= 1 << (call % 64)
	}
	return set
}

func walkerConstants() map[string]any {
	return map[string]any{
		"walking_calls": setOf(lookingCalls),
		"reading_calls": setOf(readingCalls),
		"sendfile_call": uint32(unix.SYS_SENDFILE),
	}
}
