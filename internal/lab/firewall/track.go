package firewall

import (
	"context"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Track lets conntrack look at what arrives in a namespace, as any rule does that asks for
// the state of a connection: `ct state invalid counter`. Packets pass.
func Track(ctx context.Context, n *netns.Namespace) error {
	const register = 1
	return change(ctx, in(n), func(conn *nftables.Conn) {
		addRule(conn, &nftables.Chain{
			Name: "track", Table: &nftables.Table{Family: nftables.TableFamilyINet, Name: "lab"}, Hooknum: hooks[event.ChainInput],
		}, []expr.Any{
			&expr.Ct{Key: expr.CtKeySTATE, Register: register},
			&expr.Counter{},
		})
	})
}
