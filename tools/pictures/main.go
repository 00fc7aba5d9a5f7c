// Command pictures makes the pictures of the documentation: real programs reset real
// connections, rsttrace writes a report about them, and Chromium shows it. Then Wireshark shows
// a recording, and tmux the live screen. It needs root.
//
//	go run ./tools/pictures bin/rsttrace docs/pictures
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	duration = 25 * time.Second
	// attaching is enough for rsttrace to be attached. What it misses is not in the picture.
	attaching = 3 * time.Second
)

func main() {
	if role := filepath.Base(os.Args[0]); roles[role] != nil {
		roles[role]()
		return
	}
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "pictures: want the path of rsttrace, and a folder")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintf(os.Stderr, "pictures: %v\n", err)
		os.Exit(1)
	}
}

func run(rsttrace, folder string) error {
	work, err := os.MkdirTemp("", "pictures")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := report(rsttrace, work, folder); err != nil {
		return err
	}
	if err := record(rsttrace, work, folder); err != nil {
		return err
	}
	return watch(rsttrace, work, folder)
}

// report makes the picture of a report.
func report(rsttrace, work, folder string) error {
	page := filepath.Join(work, "report.html")
	if err := trace(work, rsttrace, "report", "--title", "Checkout fails now and then", "-o", page); err != nil {
		return err
	}
	return shoot(page, filepath.Join(folder, "report.png"))
}

// trace runs rsttrace while the roles are played.
func trace(work, rsttrace string, args ...string) error {
	tracer := exec.Command(rsttrace, append(args, "--duration", duration.String(), "--host", address)...)
	tracer.Stderr = os.Stderr
	if err := tracer.Start(); err != nil {
		return err
	}
	time.Sleep(attaching)
	stop, err := play(work)
	if err != nil {
		return err
	}
	defer stop()
	return tracer.Wait()
}

// play starts a process for each role, which has its name from the file that it runs.
func play(work string) (stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if work, err = os.MkdirTemp(work, "roles"); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running []*exec.Cmd
	stop = func() {
		cancel()
		for _, c := range running {
			_ = c.Wait()
		}
	}
	for _, role := range []string{"stock", "media", "shop", "uploader", "health", "worker"} {
		path := filepath.Join(work, role)
		if err := os.Link(self, path); err != nil {
			if err = os.Symlink(self, path); err != nil {
				stop()
				return nil, err
			}
		}
		c := exec.CommandContext(ctx, path)
		if err := c.Start(); err != nil {
			stop()
			return nil, err
		}
		running = append(running, c)
		time.Sleep(100 * time.Millisecond) // servers come before clients
	}
	return stop, nil
}

// shoot makes a picture of the first screen of a page.
func shoot(page, picture string) error {
	picture, err := filepath.Abs(picture)
	if err != nil {
		return err
	}
	out, err := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
		"--window-size=1180,940", "--virtual-time-budget=5000", "--screenshot="+picture, "file://"+page).CombinedOutput()
	if err != nil {
		return fmt.Errorf("chromium: %w: %s", err, out)
	}
	return nil
}
