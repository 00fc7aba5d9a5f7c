package pcapng

import (
	"strconv"

	"github.com/rsttrace/rsttrace/internal/pcapng"
	"github.com/rsttrace/rsttrace/internal/printable"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// interfacesMax is how many interfaces a section may have. Behind that a new section
// begins: namespaces and their devices may come and go for months.
const interfacesMax = 4096

// device is where a packet was: a device of a network namespace.
type device struct {
	netns uint32
	name  string // "": not known
}

// interfaces are the devices that have a number in the section.
type interfaces map[device]uint32

// deviceOf is where a packet of an event was. The bytes know it better than the event.
func deviceOf(e *event.Event, frame *event.Frame, segment *event.Segment) device {
	d := device{netns: e.Netns.Inode, name: segment.Ifname}
	if frame == nil || frame.IsZero() {
		return d
	}
	if frame.Netns != 0 {
		d.netns = frame.Netns
	}
	switch {
	case frame.Ifname != "":
		d.name = frame.Ifname
	case frame.Ifindex != 0:
		d.name = "if" + strconv.FormatUint(uint64(frame.Ifindex), 10)
	}
	return d
}

// number is the number of the interface for a device. A new one is described first.
func (s *Sink) number(d device, e *event.Event) uint32 {
	if number, ok := s.devices[d]; ok {
		return number
	}
	number := uint32(len(s.devices))
	s.devices[d] = number
	name := printable.Text(d.name)
	if name == "" {
		name = pcapng.UnknownDevice
	}
	s.blocks.Interface(name, describe(d, e), event.FrameMax)
	return number
}

// describe is what a person reads of an interface.
func describe(d device, e *event.Event) string {
	name := ""
	if e.Netns.Inode == d.netns {
		name = printable.Text(e.Netns.Name)
	}
	return pcapng.Namespace(d.netns, name)
}
