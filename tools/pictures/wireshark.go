package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// wiresharkFolder has the dissector and the profile.
const wiresharkFolder = "deploy/wireshark"

// recent is what Wireshark remembers: no question whether root may run it, and a window as
// large as the screen.
const recent = `privs.warn_if_elevated: FALSE
gui.geometry_main_x: 0
gui.geometry_main_y: 0
gui.geometry_main_width: 1280
gui.geometry_main_height: 720
`

// widths are those of the columns, as Wireshark remembers them for the profile.
const widths = `column.width:
	"%m", "45",
	"%t", "95",
	"%s", "85",
	"%d", "85",
	"%p", "50",
	"%Cus:rsttrace.event", "50",
	"%Cus:rsttrace.cause", "175",
	"%Cus:rsttrace.owner", "125",
	"%Cus:rsttrace.errno", "95",
	"%Cus:rsttrace.finding", "185",
	"%i", "200"
`

// record makes the picture of a recording in Wireshark.
func record(rsttrace, work, folder string) error {
	recording := filepath.Join(work, "resets.pcapng")
	if err := trace(work, rsttrace, "-w", recording); err != nil {
		return err
	}
	settings := filepath.Join(work, "wireshark")
	if err := os.CopyFS(filepath.Join(settings, "profiles"), os.DirFS(filepath.Join(wiresharkFolder, "profiles"))); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(settings, "recent_common"), []byte(recent), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(settings, "profiles", "rsttrace", "recent"), []byte(widths), 0o600); err != nil {
		return err
	}
	// The screen is drawn once Wireshark has read the file.
	const show = `wireshark -C rsttrace -X lua_script:"$0"/rsttrace.lua -r "$1" -J 'rsttrace.cause == "unread-data-on-close"' >"$3" 2>&1 & sleep 20; import -window root "$2"; kill $!`
	picture := filepath.Join(folder, "wireshark.png")
	c := exec.Command("xvfb-run", "-a", "-s", "-screen 0 1280x720x24", "sh", "-c", show, wiresharkFolder, recording, picture, filepath.Join(work, "said"))
	c.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+settings, "XDG_RUNTIME_DIR="+work, "LANG=C.UTF-8")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("wireshark: %w: %s", err, out)
	}
	return nil
}
