package firewall

import (
	"errors"
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab/netns"
)

// Modules are the kernel modules that the rules need, where they are modules.
var Modules = []string{"nf_tables", "nft_reject_inet"}

var hooks = map[event.Chain]*nftables.ChainHook{
	event.ChainPrerouting: nftables.ChainHookPrerouting,
	event.ChainInput:      nftables.ChainHookInput,
	event.ChainForward:    nftables.ChainHookForward,
	event.ChainOutput:     nftables.ChainHookOutput,
}

// Reject answers TCP segments to a port with a RST, in one of the chains:
// `tcp dport PORT reject with tcp reset`, for IPv4 and IPv6.
func Reject(n *netns.Namespace, chain event.Chain, port uint16) error {
	conn, err := nftables.New(nftables.WithNetNSFd(n.FD()))
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	table := conn.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: "lab"})
	rules := conn.AddChain(&nftables.Chain{
		Name: chain.String(), Table: table, Type: nftables.ChainTypeFilter,
		Hooknum: hooks[chain], Priority: nftables.ChainPriorityFilter,
	})
	conn.AddRule(&nftables.Rule{Table: table, Chain: rules, Exprs: rejectPort(port)})
	err = conn.Flush()
	for _, missing := range []error{unix.ENOENT, unix.EOPNOTSUPP, unix.EPROTONOSUPPORT} {
		if errors.Is(err, missing) {
			return fmt.Errorf("nftables: %w: %w (nf_tables or its reject expression is missing in this kernel)", err, netns.ErrUnavailable)
		}
	}
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	return nil
}

func rejectPort(port uint16) []expr.Any {
	const register = 1
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: register},
		&expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: []byte{unix.IPPROTO_TCP}},
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
		&expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: binaryutil.BigEndian.PutUint16(port)},
		&expr.Reject{Type: unix.NFT_REJECT_TCP_RST},
	}
}
