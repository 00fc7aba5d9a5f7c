package metrics

import (
	"strings"

	"github.com/rsttrace/rsttrace/internal/containerid"
	"github.com/rsttrace/rsttrace/internal/printable"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// Values of the label owner_kind.
const (
	ofUnit      = "unit"
	ofWorkload  = "workload"
	ofContainer = "container"
	ofCommand   = "comm"
	ofUnknown   = "unknown" // nobody is known
	ofOther     = otherValue
)

// otherValue is the value of a label for all that have no series of their own.
const otherValue = "other"

// ownerName says whose socket it was in words that stay the same while processes,
// replicas and sessions come and go:
//
//	workload   shop/cart       pod shop/cart-6d9f4c8b7d-x2k5p
//	container  docker/web      container docker/web-1
//	unit       nginx.service   sshd@ for all its instances
//	comm       curl            where no such name is known
//
// It allocates only if the name cannot be printed as it is.
func ownerName(o *event.Owner) (kind, name string) {
	kind, name = chooseOwner(o)
	return kind, printable.Text(name)
}

func chooseOwner(o *event.Owner) (kind, name string) {
	switch {
	case o.Workload != "":
		return ofWorkload, o.Workload
	case strings.Contains(o.Pod, "/"):
		return ofWorkload, finding.Workload(o.Pod)
	case hasName(o.Container) && o.Pod == "":
		return ofContainer, finding.Workload(o.Container)
	case o.Container == "" && o.Pod == "" && isService(o.Unit):
		return ofUnit, withoutInstance(o.Unit)
	case o.Comm != "":
		return ofCommand, o.Comm
	case o.Unit != "":
		return ofUnit, withoutInstance(o.Unit)
	}
	return ofUnknown, ofUnknown
}

// withoutInstance cuts the instance off a unit: that of one for each connection is an
// address. Of sshd@3-10.0.0.1.service it is sshd@, and the type is left out.
func withoutInstance(unit string) string {
	if at := strings.IndexByte(unit, '@'); at >= 0 {
		return unit[:at+1]
	}
	return unit
}

// hasName reports whether a container has a name, and not only a number: docker/3f2a9c0d11e2...
func hasName(container string) bool {
	_, id, found := strings.Cut(container, "/")
	if !found {
		id = container
	}
	return container != "" && !containerid.Is(id)
}

// isService reports whether a unit is a service that a person has named. Sessions,
// slices and what systemd-run begins are named by numbers.
func isService(unit string) bool {
	return strings.HasSuffix(unit, ".service") && !strings.HasPrefix(unit, "user@") && !strings.HasPrefix(unit, "run-")
}
