package finding

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestWorkload(t *testing.T) {
	long := "shop/" + strings.Repeat("long", 15) // of 60 characters
	for name, want := range map[string]string{
		"":     "",
		"host": "",
		"blue": "",
		// A Deployment.
		"shop/cart-6d9f4c8b7d-x2k5p":     "shop/cart",
		"shop/cart-api-6d9f4c8b7d-x2k5p": "shop/cart-api",
		"shop/cart-6d9f4c8b-x2k5p":       "shop/cart",
		"shop/cart-6d9f4c8b7d-24567":     "shop/cart", // digits, and no ordinal
		// What no Deployment writes: vowels, other consonants, other lengths.
		"shop/cart-frontends-x2k5p":   "shop/cart-frontends",
		"shop/cart-gwbzkltv-x2k5p":    "shop/cart-gwbzkltv",
		"shop/cart-6d9f4c8-x2k5p":     "shop/cart-6d9f4c8",
		"shop/cart-6d9f4c8b7d4-x2k5p": "shop/cart-6d9f4c8b7d4",
		// A DaemonSet, a Job, a ReplicaSet without a Deployment.
		"shop/log-x2k5p": "shop/log",
		"shop/log-24567": "shop/log",
		// A CronJob, and a Job that a person called by its date.
		"shop/dump-29930400-x2k5p": "shop/dump",
		"shop/dump-20261130-x2k5p": "shop/dump-20261130",
		// The index of a Job is not told from a name with a number.
		"shop/dump-3-x2k5p": "shop/dump-3",
		// A StatefulSet.
		"shop/db-0":       "shop/db",
		"shop/db-x2k5p-0": "shop/db-x2k5p",
		"shop/db-10":      "shop/db",
		"shop/db-007":     "shop/db-007",
		// A container.
		"docker/shop-web-12": "docker/shop-web",
		"docker/web":         "docker/web",
		"docker/7":           "docker/7",
		// A person.
		"shop/cart-cache":  "shop/cart-cache",
		"shop/front-admin": "shop/front-admin",
		"shop/x2k5p":       "shop/x2k5p",
		"shop/-x2k5p":      "shop/-x2k5p",
		// Kubernetes cuts a name that is too long for its suffix, and with it the hash.
		long[:5+47] + "-6d9f4c8b7dx2k5p":  long[:5+47],
		long[:5+52] + "-6d9f4x2k5p":       long[:5+52],
		long[:5+57] + "-x2k5p":            long[:5+57],
		long[:5+58] + "x2k5p":             long[:5+58],
		long[:5+53] + "-cartx2k5p":        long[:5+53] + "-cart",
		long[:5+46] + "-6d9f4c8b7d-x2k5p": long[:5+46],
	} {
		if got := workload(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// TestReplicas: what happens in each of a thousand pods for one reason is one finding, and
// another workload or port another one.
func TestReplicas(t *testing.T) {
	const pods = 1000
	pod := func(i int, name string, e event.Event) event.Event {
		return with(e, func(e *event.Event) {
			e.ID, e.Netns = uint64(i+1), event.Netns{Inode: uint32(4026532000 + i), Name: fmt.Sprintf("shop/%s-%d", name, i)}
			e.Local.Addr = netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})
			if e.Owner.PID != 0 {
				e.Owner.PID, e.Owner.Pod, e.Owner.Container = uint32(1000+i), e.Netns.Name, "app"
			}
		})
	}
	server := with(sentBy(1, cause.UnreadDataOnClose, "app"), func(e *event.Event) { e.Lost.UnreadBytes, e.Conn = 500, conn(1, 900, 600, 10) })
	noOwner := with(sentBy(1, cause.ClosedPort, ""), func(e *event.Event) { e.Owner = event.Owner{} })
	client := with(receivedBy(1, cause.Refused, "curl"), func(e *event.Event) {})
	for name, e := range map[string]event.Event{"servers": server, "without an owner": noOwner, "clients": client} {
		var events []event.Event
		for i := range pods {
			events = append(events, pod(i, "cart", e))
		}
		other := pod(pods, "front", e)
		f := run(t, append(events, other)...).last(t, 1)
		if f.Resets != pods || f.Namespaces.Count != tallyMax || !f.Namespaces.More {
			t.Errorf("%s: %d resets in %+v namespaces, want %d in more than %d", name, f.Resets, f.Namespaces, pods, tallyMax)
		}
	}
}
