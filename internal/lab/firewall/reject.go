package firewall

import (
	"cmp"
	"context"
	"math"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/xt"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Modules are the kernel modules that the rules need, where they are modules.
var Modules = []string{"nf_tables", "nft_reject_inet"}

// NetDevModules are those that rules of the family netdev need.
var NetDevModules = []string{"nf_tables", "nft_reject_netdev"}

// BridgeModules are those that rules of the family bridge need.
var BridgeModules = []string{"nf_tables", "nft_meta_bridge", "nft_reject_bridge"}

// XTablesModules are those that rules of iptables need.
var XTablesModules = []string{"nf_tables", "nft_compat", "xt_tcpudp", "ipt_REJECT", "ip6t_REJECT"}

var hooks = map[event.Chain]*nftables.ChainHook{
	event.ChainPrerouting: nftables.ChainHookPrerouting,
	event.ChainInput:      nftables.ChainHookInput,
	event.ChainForward:    nftables.ChainHookForward,
	event.ChainOutput:     nftables.ChainHookOutput,
	event.ChainIngress:    nftables.ChainHookRef(5), // NF_INET_INGRESS, 5.10+
}

// BaseChain is where a rule stands.
type BaseChain struct {
	Chain event.Chain
	// Device is needed for ChainIngress.
	Device string
	// Family of the table: inet (0), or netdev for ChainIngress or bridge for
	// ChainPrerouting, whose rules build their RSTs elsewhere in the kernel.
	Family nftables.TableFamily
}

// Families beside inet.
const (
	NetDev = nftables.TableFamilyNetdev
	Bridge = nftables.TableFamilyBridge
)

// Reject answers TCP segments to a port with a RST:
// `tcp dport PORT reject with tcp reset`, for IPv4 and IPv6.
func Reject(ctx context.Context, n *netns.Namespace, at BaseChain, port uint16) error {
	family, hook := cmp.Or(at.Family, nftables.TableFamilyINet), hooks[at.Chain]
	if family == NetDev {
		hook = nftables.ChainHookIngress
	}
	return change(ctx, in(n), func(conn *nftables.Conn) {
		addRule(conn, &nftables.Chain{
			Name: at.Chain.String(), Table: &nftables.Table{Family: family, Name: "lab"},
			Hooknum: hook, Device: at.Device,
		}, rejectPort(port))
	})
}

// RejectXTables does the same with the extensions of x_tables, in the way of
// `iptables -A CHAIN -p tcp --dport PORT -j REJECT --reject-with tcp-reset` and
// ip6tables.
func RejectXTables(ctx context.Context, n *netns.Namespace, chain event.Chain, port uint16) error {
	return change(ctx, in(n), func(conn *nftables.Conn) { addXTables(conn, chain, port) })
}

func addXTables(conn *nftables.Conn, chain event.Chain, port uint16) {
	for family, answer := range map[nftables.TableFamily]uint32{
		nftables.TableFamilyIPv4: 7, // IPT_TCP_RESET
		nftables.TableFamilyIPv6: 6, // IP6T_TCP_RESET
	} {
		addRule(conn, &nftables.Chain{
			Name: strings.ToUpper(chain.String()), Table: &nftables.Table{Family: family, Name: "filter"},
			Hooknum: hooks[chain],
		}, []expr.Any{
			&expr.Match{Name: "tcp", Info: &xt.Tcp{
				SrcPorts: [2]uint16{0, math.MaxUint16}, DstPorts: [2]uint16{port, port},
			}},
			&expr.Target{Name: "REJECT", Info: rejectInfo(answer)},
		})
	}
}

// rejectInfo is struct ipt_reject_info, padded as x_tables wants it.
func rejectInfo(answer uint32) *xt.Unknown {
	const padding = 4
	info := xt.Unknown(append(binaryutil.NativeEndian.PutUint32(answer), make([]byte, padding)...))
	return &info
}

// Clear removes all rules. They go with their namespace too, but that may live
// on for minutes in a connection that nobody answers, and hold their modules.
func Clear(ctx context.Context, n *netns.Namespace) error {
	return change(ctx, in(n), (*nftables.Conn).FlushRuleset)
}

func addRule(conn *nftables.Conn, chain *nftables.Chain, rule []expr.Any) {
	chain.Type, chain.Priority = nftables.ChainTypeFilter, nftables.ChainPriorityFilter
	conn.AddTable(chain.Table)
	conn.AddChain(chain)
	conn.AddRule(&nftables.Rule{Table: chain.Table, Chain: chain, Exprs: rule})
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
