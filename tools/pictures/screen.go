package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// screens are the pictures of the live screen: what is pressed first, and the size of the
// terminal.
var screens = []struct {
	name          string
	width, height int
	keys          []string
}{
	{"top-80.svg", 80, 24, nil},
	{"top-200.svg", 200, 42, []string{"g", "Down"}},
}

// terminal is tmux with one program.
type terminal struct{ socket string }

func (t terminal) do(args ...string) ([]byte, error) {
	out, err := exec.Command("tmux", append([]string{"-S", t.socket}, args...)...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("tmux %s: %w: %s", args[0], err, out)
	}
	return out, nil
}

// watch shows a run of the live screen in a terminal, while the roles are played, and
// draws it in each size.
func watch(rsttrace, work, folder string) (err error) {
	program, err := filepath.Abs(rsttrace)
	if err != nil {
		return err
	}
	t := terminal{filepath.Join(work, "tmux")}
	_, err = t.do("-f", "/dev/null", "new-session", "-d", "-e", "LANG=C.UTF-8", "-x", "80", "-y", "24", program, "top", "--host", address)
	if err != nil {
		return err
	}
	defer func() {
		_, ended := t.do("kill-server")
		err = errors.Join(err, ended)
	}()
	if _, err = t.do("set-option", "-g", "window-size", "manual"); err != nil {
		return err
	}
	time.Sleep(attaching)
	stop, err := play(work)
	if err != nil {
		return err
	}
	defer stop()
	time.Sleep(duration)
	for _, s := range screens {
		if err := t.picture(s.width, s.height, s.keys, filepath.Join(folder, s.name)); err != nil {
			return err
		}
	}
	return nil
}

// picture draws the terminal in a size.
func (t terminal) picture(width, height int, keys []string, path string) error {
	_, err := t.do("resize-window", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height))
	for _, key := range keys {
		if err == nil {
			_, err = t.do("send-keys", key)
		}
	}
	if err != nil {
		return err
	}
	time.Sleep(time.Second) // until it is drawn
	content, err := t.do("capture-pane", "-p", "-e", "-N")
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(drawSVG(string(content), width, height)), 0o644)
}
