package main

import (
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/test/peers/fleetplay"
)

// firewall gives the router its rules: it translates what leaves by a device, and has those of
// the plays. Ports are translated, too, into random ones.
func firewall(outer string) error {
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	table := conn.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "router"})
	nat := conn.AddChain(&nftables.Chain{
		Name: "postrouting", Table: table, Type: nftables.ChainTypeNAT, Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource,
	})
	conn.AddRule(&nftables.Rule{Table: table, Chain: nat, Exprs: append(leavesBy(outer), &expr.Masq{Random: true})})
	forward := conn.AddChain(&nftables.Chain{
		Name: "forward", Table: table, Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookForward, Priority: nftables.ChainPriorityFilter,
	})
	for i, play := range fleetplay.Plays {
		for _, rule := range rulesOf(play.Rule, fleetplay.Port(i)) {
			conn.AddRule(&nftables.Rule{Table: table, Chain: forward, Exprs: rule})
		}
	}
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	return nil
}

func rulesOf(rule fleetplay.Rule, port uint16) [][]expr.Any {
	const source, destination = 0, 2
	switch rule {
	case fleetplay.DropsResets:
		return [][]expr.Any{
			append(append(hasPort(source, port), isReset()...), &expr.Verdict{Kind: expr.VerdictDrop}),
			append(append(hasPort(destination, port), isReset()...), &expr.Verdict{Kind: expr.VerdictDrop}),
		}
	case fleetplay.Rejects:
		return [][]expr.Any{append(hasPort(destination, port), &expr.Reject{Type: unix.NFT_REJECT_TCP_RST})}
	}
	return nil
}

const register = 1

func leavesBy(device string) []expr.Any {
	name := make([]byte, unix.IFNAMSIZ)
	copy(name, device)
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: register},
		&expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: name},
	}
}

// hasPort matches TCP segments with a port at an offset of their header.
func hasPort(offset uint32, port uint16) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: register},
		&expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: []byte{unix.IPPROTO_TCP}},
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Offset: offset, Len: 2},
		&expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: binaryutil.BigEndian.PutUint16(port)},
	}
}

func isReset() []expr.Any {
	const flags, reset = 13, 0x04
	return []expr.Any{
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Offset: flags, Len: 1},
		&expr.Bitwise{SourceRegister: register, DestRegister: register, Len: 1, Mask: []byte{reset}, Xor: []byte{0}},
		&expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: []byte{reset}},
	}
}
