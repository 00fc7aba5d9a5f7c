package serve

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// manager tells systemd how rsttrace is, if systemd wants to know: sd_notify(3).
type manager struct {
	notify func(state string)
}

// newManager returns one that writes to the socket in NOTIFY_SOCKET. An error is of no
// interest: without the news systemd does what the unit says.
func newManager() *manager {
	return &manager{notify: func(state string) { _, _ = daemon.SdNotify(false, state) }}
}

func (m *manager) ready() { m.notify(daemon.SdNotifyReady) }

func (m *manager) stopping() { m.notify(daemon.SdNotifyStopping) }

func (m *manager) status(text string) { m.notify("STATUS=" + text) }

// reloading has systemd wait for ready.
func (m *manager) reloading() {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) != nil {
		return
	}
	m.notify(fmt.Sprintf("%s\nMONOTONIC_USEC=%d", daemon.SdNotifyReloading, now.Nano()/1000))
}

// watch tells the watchdog that rsttrace is alive, as long as it is.
func (m *manager) watch(ctx context.Context, alive func() error) {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil || interval <= 0 {
		return
	}
	tick := time.NewTicker(interval / 3)
	defer tick.Stop()
	for {
		if alive() == nil {
			m.notify(daemon.SdNotifyWatchdog)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// statusOf is what systemctl status shows. A reset between two ends of this host was sent and
// received, so the directions are counted apart.
func statusOf(t event.Totals) string {
	var counts []string
	for _, dir := range event.Dirs {
		var sum uint64
		for _, c := range t.Counts {
			if c.Dir == dir {
				sum += c.Events
			}
		}
		if sum > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", sum, dir))
		}
	}
	text := "no reset since the start"
	if len(counts) > 0 {
		text = "resets since the start: " + strings.Join(counts, ", ")
	}
	if t.Lost > 0 {
		text += fmt.Sprintf("; lost the details of %d", t.Lost)
	}
	if t.Missed > 0 {
		text += fmt.Sprintf("; missed %d probes", t.Missed)
	}
	return text
}
