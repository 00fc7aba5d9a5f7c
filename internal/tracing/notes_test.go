package tracing_test

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/internal/tracing"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestClosersAmongOthers: who closed a connection is still known when thousands of
// others were closed after it. By chance a few in a thousand are not, since their
// notes share a bucket; one place for each hash lost a tenth of them.
func TestClosersAmongOthers(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	const closed, others, atMostLost = 200, 4096, 5
	events := tracedPairs(t, func(pairs *pairs) (err error) {
		var clients [closed]int
		for i := range clients {
			if clients[i], err = pairs.halfClosed(); err != nil {
				return err
			}
			defer unix.Close(clients[i])
		}
		for range others {
			client, err := pairs.halfClosed()
			if err != nil {
				return err
			}
			unix.Close(client)
		}
		for _, client := range clients {
			if _, err := unix.Write(client, []byte("x")); err != nil {
				return err
			}
		}
		return nil
	})

	var resets, named int
	for _, e := range events {
		if e.Dir != event.Sent {
			continue
		}
		resets++
		switch {
		case e.Owner.IsZero():
		case int(e.Owner.PID) != os.Getpid() || e.Owner.Source != event.FromCloser:
			t.Errorf("%s: its owner is %+v", e.Summary, e.Owner)
		default:
			named++
		}
	}
	if resets != closed || named < closed-atMostLost {
		t.Errorf("%d resets of %d, %d of them with the process that closed", resets, closed, named)
	}
}

// TestOriginsAmongOthers: of thousands of sockets nearly all are known since when
// they are connected, and all in which state they were closed: their notes are
// found by the socket's address, and two may have the same hash.
func TestOriginsAmongOthers(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	const connections, atMostLost = 1000, 2 * 1000 / 50
	events := tracedPairs(t, func(pairs *pairs) (err error) {
		var clients, servers [connections]int
		for i := range clients {
			if clients[i], servers[i], err = pairs.connected(); err != nil {
				return err
			}
			defer unix.Close(clients[i])
		}
		for _, server := range servers {
			err := unix.SetsockoptLinger(server, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
			if err := errors.Join(err, unix.Close(server)); err != nil {
				return err
			}
		}
		return nil
	})

	var ends, withAge int
	for _, e := range events {
		ends++
		if e.State != event.StateEstablished {
			t.Errorf("%s: it was in state %q", e.Summary, e.State)
		}
		if e.Conn.AgeMillis > 0 {
			withAge++
		}
	}
	if ends != 2*connections || withAge < ends-atMostLost {
		t.Errorf("%d ends of %d connections, %d of them with an age", ends, connections, withAge)
	}
}

// tracedPairs is what a tracer reports of what act does in a namespace of its own.
func tracedPairs(t *testing.T, act func(*pairs) error) []event.Event {
	t.Helper()
	n, err := netns.New("pairs")
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	traced, err := tracing.Open(tracing.Options{Filter: tracing.InNetns(n.Inode())})
	if err != nil {
		t.Fatal(err)
	}
	defer traced.Close()
	err = n.Do(func() error {
		pairs, err := newPairs()
		if err != nil {
			return err
		}
		defer pairs.close()
		return act(pairs)
	})
	if err != nil {
		t.Fatal(err)
	}
	return drained(t, traced)
}

// pairs makes connections of this process with itself.
type pairs struct {
	listener int
	at       unix.Sockaddr
}

func newPairs() (*pairs, error) {
	listener, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	p := &pairs{listener: listener}
	if err := unix.Bind(listener, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		p.close()
		return nil, err
	}
	if err := unix.Listen(listener, 1); err != nil {
		p.close()
		return nil, err
	}
	if p.at, err = unix.Getsockname(listener); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *pairs) close() { unix.Close(p.listener) }

// halfClosed is the client of a connection that its server has closed.
func (p *pairs) halfClosed() (client int, err error) {
	client, server, err := p.connected()
	if err != nil {
		return -1, err
	}
	return client, unix.Close(server)
}

func (p *pairs) connected() (client, server int, err error) {
	if client, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return -1, -1, err
	}
	if err = unix.Connect(client, p.at); err == nil {
		server, _, err = unix.Accept4(p.listener, unix.SOCK_CLOEXEC)
	}
	if err != nil {
		unix.Close(client)
		return -1, -1, err
	}
	return client, server, nil
}
