package roottest

import (
	"testing"

	"golang.org/x/sys/unix"
)

// SmallFolder is a folder with little room, such as "512k": a file system of its own. The
// test is skipped where none can be mounted.
func SmallFolder(t *testing.T, size string) string {
	t.Helper()
	Need(t, "a small file system cannot be mounted without CAP_SYS_ADMIN")
	folder := t.TempDir()
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size="+size); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(folder, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return folder
}
