package text

import (
	"strconv"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// ownerText says whose socket it was, and how that is known where it is not
// simply the process that holds it.
func ownerText(e *event.Event) string {
	text := ownerName(&e.Owner)
	if n := len(e.Owner.Others); n > 0 {
		text += " +" + strconv.Itoa(n) + " more"
	}
	switch ended := e.Owner.Ended; {
	case ended.Signal != "":
		text += " killed by " + clean(ended.Signal)
	case ended.ExitCode != nil:
		text += " exited with " + strconv.Itoa(*ended.ExitCode)
	default:
		text += sourceNote(&e.Owner)
	}
	if place := ownerPlace(&e.Owner); place != "" {
		text += " in " + place
	}
	if e.By != (event.ProcessRef{}) {
		text += " (by " + processText(e.By.PID, e.By.Comm) + ")"
	}
	return text
}

// ownerName is the process, else the best name of its cgroup, else "-".
func ownerName(o *event.Owner) string {
	if o.PID != 0 || o.Comm != "" {
		return processText(o.PID, o.Comm)
	}
	for _, name := range []string{o.Unit, o.Cgroup} {
		if name != "" {
			return clean(name)
		}
	}
	return "-"
}

// ownerPlace is the pod or container.
func ownerPlace(o *event.Owner) string {
	if o.Pod != "" {
		return clean(o.Pod)
	}
	const shortID = 12 // as docker and crictl print the 64 hex digits
	if len(o.Container) == 64 && strings.Trim(o.Container, hexDigits) == "" {
		return o.Container[:shortID]
	}
	return clean(o.Container)
}

func sourceNote(o *event.Owner) string {
	if o.PID == 0 {
		return ""
	}
	switch o.Source {
	case event.FromCloser:
		return " (closed it)"
	case event.FromConnector:
		return " (connected)"
	case event.FromListener:
		return " (listens)"
	}
	return ""
}

func processText(pid uint32, comm string) string {
	if comm == "" {
		return "pid " + strconv.FormatUint(uint64(pid), 10)
	}
	if pid == 0 {
		return clean(comm)
	}
	return clean(comm) + "[" + strconv.FormatUint(uint64(pid), 10) + "]"
}
