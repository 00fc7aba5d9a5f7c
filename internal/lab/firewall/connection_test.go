package firewall

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/google/nftables"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// lacksTables answers as a kernel with nfnetlink and without nf_tables: once to
// whatever comes in one go.
func lacksTables(t *testing.T) nftables.ConnOption {
	return nftables.WithTestDial(func(requests []netlink.Message) ([]netlink.Message, error) {
		if len(requests) == 0 {
			t.Error("an answer is awaited that never comes")
			return nil, errors.New("no more answers")
		}
		if requests[0].Header.Type == unix.NFNL_MSG_BATCH_BEGIN {
			return refuse(requests[0], unix.EOPNOTSUPP), nil
		}
		return refuse(requests[0], unix.EINVAL), nil
	})
}

func refuse(request netlink.Message, errno unix.Errno) []netlink.Message {
	code := binary.NativeEndian.AppendUint32(nil, uint32(-int32(errno)))
	header := request.Header
	header.Type, header.Flags = netlink.Error, 0
	return []netlink.Message{{Header: header, Data: code}}
}

func TestKernelWithoutTables(t *testing.T) {
	err := change(t.Context(), lacksTables(t), func(c *nftables.Conn) {
		for range 3 {
			c.AddTable(&nftables.Table{Name: "lab"})
		}
	})
	if !errors.Is(err, netns.ErrUnavailable) {
		t.Errorf("not said to be unavailable: %v", err)
	}
}

func TestInterruptedChange(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	silent := nftables.WithTestDial(func([]netlink.Message) ([]netlink.Message, error) {
		cancel()
		return nil, errors.New("closed meanwhile")
	})
	if err := change(ctx, silent, (*nftables.Conn).FlushRuleset); !errors.Is(err, context.Canceled) {
		t.Errorf("error: %v", err)
	}
}

func inNamespace(t *testing.T) *netns.Namespace {
	t.Helper()
	roottest.Need(t, roottest.Namespaces)
	n, err := netns.New("lab")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

// TestUnread leaves answers of a real kernel in the socket.
func TestUnread(t *testing.T) {
	n := inNamespace(t)
	answers, err := netlink.Dial(unix.NETLINK_ROUTE, &netlink.Config{NetNS: n.FD()})
	if err != nil {
		t.Fatal(err)
	}
	defer answers.Close()
	if err := unread(answers); err != nil {
		t.Errorf("nothing was sent: %v", err)
	}
	setUp := func(index byte) netlink.Message { // struct ifinfomsg without a change
		data := make([]byte, unix.SizeofIfInfomsg)
		data[4] = index
		return netlink.Message{Header: netlink.Header{Type: unix.RTM_NEWLINK, Flags: netlink.Request | netlink.Acknowledge}, Data: data}
	}
	const loopback, nobody = 1, 99
	for _, index := range []byte{loopback, nobody, loopback} {
		if _, err := answers.Send(setUp(index)); err != nil {
			t.Fatal(err)
		}
	}
	if err := unread(answers); !errors.Is(err, unix.ENODEV) {
		t.Errorf("one of three requests was refused: %v", err)
	}
	if err := unread(answers); err != nil {
		t.Errorf("all was read: %v", err)
	}
}

// TestRefusal reads what Linux 6.16 sent for a rule of the family netdev.
func TestRefusal(t *testing.T) {
	const (
		header  = "24000000" + "0200" + "0001" + "695098eb" + "bd000000"
		message = "9c000000" + "060a" + "0d0c" + "695098eb" + "bd000000"
	)
	answer := func(code string) []byte {
		raw, err := hex.DecodeString(header + code + message)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	if err := refusal(answer("00000000")); err != nil {
		t.Errorf("an acknowledgement: %v", err)
	}
	if err := refusal(answer("feffffff")); !errors.Is(err, unix.ENOENT) {
		t.Errorf("a refusal: %v", err)
	}
	if err := refusal(append(answer("feffffff"), answer("00000000")...)); !errors.Is(err, unix.ENOENT) {
		t.Errorf("a refusal and an acknowledgement: %v", err)
	}
	if refusal(bytes.Repeat([]byte{1}, unix.NLMSG_HDRLEN)) == nil {
		t.Error("rubbish was read")
	}
}

// TestReject: the rule is there, and gone again.
func TestReject(t *testing.T) {
	n := inNamespace(t)
	const port = 80
	err := Reject(t.Context(), n, BaseChain{Chain: event.ChainInput}, port)
	if errors.Is(err, netns.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	conn, err := nftables.New(in(n))
	if err != nil {
		t.Fatal(err)
	}
	if tables, err := conn.ListTables(); err != nil || len(tables) != 1 {
		t.Errorf("%d tables, %v", len(tables), err)
	}
	if err := Clear(t.Context(), n); err != nil {
		t.Error(err)
	}
	if tables, err := conn.ListTables(); err != nil || len(tables) != 0 {
		t.Errorf("%d tables are left, %v", len(tables), err)
	}
}
