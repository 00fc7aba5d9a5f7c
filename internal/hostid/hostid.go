// Package hostid says which machine this is, so that events of several hosts can be told
// apart and joined.
//
// The trap to avoid: the machine id is confidential. systemd asks programs not to pass it on
// (machine-id(5)). So what is passed on is a hash of it, with a key of this application.
package hostid

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// application is the key. "systemd-id128 machine-id --app-specific=" with it gives the same
// id as rsttrace.
const application = "8d1b1e1c9f0f4a5ab0a4d3b1a6f2c7e4"

// Of is the identity of the machine whose files are below root. A name that is not "" is used
// instead of the machine's own. What cannot be read is "".
func Of(root, name string) event.Host {
	h := event.Host{HostName: name, BootID: line(root, "proc/sys/kernel/random/boot_id")}
	if h.HostName == "" {
		h.HostName = line(root, "proc/sys/kernel/hostname")
	}
	for _, file := range []string{"etc/machine-id", "var/lib/dbus/machine-id"} {
		if h.HostID = specific(line(root, file)); h.HostID != "" {
			break
		}
	}
	return h
}

func line(root, file string) string {
	content, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(content))
}

// specific is sd_id128_get_machine_app_specific(3): a random UUID, as it seems. It is "" for
// what is no machine id, such as "uninitialized".
func specific(machine string) string {
	key, err := hex.DecodeString(machine)
	if err != nil || len(key) != 16 {
		return ""
	}
	message, _ := hex.DecodeString(application)
	hash := hmac.New(sha256.New, key)
	hash.Write(message)
	id := hash.Sum(nil)[:16]
	id[6] = id[6]&0x0f | 0x40 // version 4
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	return hex.EncodeToString(id)
}
