package finding

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestWorkload(t *testing.T) {
	for name, want := range map[string]string{
		"":                               "",
		"host":                           "",
		"blue":                           "",
		"shop/cart-6d9f4c8b7d-x2k5p":     "shop/cart",
		"shop/cart-api-6d9f4c8b7d-x2k5p": "shop/cart-api",
		"shop/log-x2k5p":                 "shop/log",
		"shop/db-0":                      "shop/db",
		"docker/shop-web-12":             "docker/shop-web",
		"docker/web":                     "docker/web",
		"shop/cart-cache":                "shop/cart-cache",
		"shop/front-admin":               "shop/front-admin",
		"docker/7":                       "docker/7",
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
