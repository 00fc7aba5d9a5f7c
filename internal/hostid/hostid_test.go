package hostid

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestOf(t *testing.T) {
	const machine = "4f68bce3e8cd4db196e7fbcaf984b709"
	id := specific(machine)
	for _, tt := range []struct {
		about, name string
		files       map[string]string
		want        event.Host
	}{
		{"all is known", "", map[string]string{
			"etc/machine-id": machine + "\n", "proc/sys/kernel/hostname": "web-1\n", "proc/sys/kernel/random/boot_id": "3c6f\n",
		}, event.Host{HostName: "web-1", HostID: id, BootID: "3c6f"}},
		{"a name was given", "edge", map[string]string{"proc/sys/kernel/hostname": "web-1\n"}, event.Host{HostName: "edge"}},
		{"only D-Bus has an id", "", map[string]string{"var/lib/dbus/machine-id": machine}, event.Host{HostID: id}},
		{"the machine begins for the first time", "", map[string]string{"etc/machine-id": "uninitialized\n"}, event.Host{}},
		{"an id that is cut off", "", map[string]string{"etc/machine-id": machine[:30]}, event.Host{}},
		{"nothing is known", "", nil, event.Host{}},
	} {
		t.Run(tt.about, func(t *testing.T) {
			root := t.TempDir()
			for name, content := range tt.files {
				path := filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got := Of(root, tt.name); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestHidesTheMachineID: nobody can see the machine id in what is passed on.
func TestHidesTheMachineID(t *testing.T) {
	const machine = "4f68bce3e8cd4db196e7fbcaf984b709"
	id := specific(machine)
	if len(id) != len(machine) || id == machine || id == specific("4f68bce3e8cd4db196e7fbcaf984b708") {
		t.Errorf("%s of %s", id, machine)
	}
}

// TestSameAsSystemd: an administrator can look the id up.
func TestSameAsSystemd(t *testing.T) {
	if _, err := exec.LookPath("systemd-id128"); err != nil {
		t.Skip("needs systemd-id128")
	}
	want, err := exec.Command("systemd-id128", "machine-id", "--app-specific="+application).Output()
	if err != nil {
		t.Skip("this machine has no machine id")
	}
	if got := Of("/", "").HostID; got != strings.TrimSpace(string(want)) {
		t.Errorf("got %s, systemd says %s", got, want)
	}
}
