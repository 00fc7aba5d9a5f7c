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

// NetDevModules are those that rules of the family netdev need.
var NetDevModules = []string{"nf_tables", "nft_reject_netdev"}

var hooks = map[event.Chain]*nftables.ChainHook{
	event.ChainPrerouting: nftables.ChainHookPrerouting,
	event.ChainInput:      nftables.ChainHookInput,
	event.ChainForward:    nftables.ChainHookForward,
	event.ChainOutput:     nftables.ChainHookOutput,
	event.ChainIngress:    nftables.ChainHookRef(5), // NF_INET_INGRESS, 5.10+
}

// Place is where a rule stands.
type Place struct {
	Chain event.Chain
	// Device is needed for ChainIngress. NetDev then chooses the table family
	// netdev, whose rules build their RSTs elsewhere in the kernel than those
	// of family inet.
	Device string
	NetDev bool
}

// Reject answers TCP segments to a port with a RST:
// `tcp dport PORT reject with tcp reset`, for IPv4 and IPv6.
func Reject(n *netns.Namespace, at Place, port uint16) error {
	conn, err := nftables.New(nftables.WithNetNSFd(n.FD()))
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	family, hook := nftables.TableFamilyINet, hooks[at.Chain]
	if at.NetDev {
		family, hook = nftables.TableFamilyNetdev, nftables.ChainHookIngress
	}
	table := conn.AddTable(&nftables.Table{Family: family, Name: "lab"})
	rules := conn.AddChain(&nftables.Chain{
		Name: at.Chain.String(), Table: table, Type: nftables.ChainTypeFilter,
		Hooknum: hook, Priority: nftables.ChainPriorityFilter, Device: at.Device,
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
