package peers

import (
	"context"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// idleConnections are connections that carry nothing, and that their server does not know
// any more. Their clients know nothing of that.
type idleConnections struct {
	since   time.Time
	clients []net.Conn
}

// openIdle opens connections, and has the kernel forget the servers' ends without a word,
// as a NAT forgets an idle connection.
func openIdle(t *testing.T) *idleConnections {
	t.Helper()
	const connections = 6
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	idle := &idleConnections{}
	for range connections {
		silent := net.Dialer{KeepAlive: -1} // no probes
		client, err := silent.DialContext(t.Context(), "tcp4", listener.Addr().String())
		must(t, err)
		t.Cleanup(func() { client.Close() })
		server, err := listener.Accept()
		must(t, err)
		say(t, client, server)
		say(t, server, client)
		forget(t, server.(*net.TCPConn))
		idle.clients = append(idle.clients, client)
	}
	idle.since = time.Now()
	return idle
}

// say sends a word.
func say(t *testing.T, from, to net.Conn) {
	t.Helper()
	_, err := from.Write([]byte("word"))
	must(t, err)
	_, err = to.Read(make([]byte, 4))
	must(t, err)
}

// forget closes a socket in repair mode: the kernel sends nothing.
func forget(t *testing.T, conn *net.TCPConn) {
	t.Helper()
	raw, err := conn.SyscallConn()
	must(t, err)
	var failed error
	must(t, raw.Control(func(fd uintptr) { failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_REPAIR, 1) }))
	must(t, failed)
	must(t, conn.Close())
}

// wakeIdle sends on each connection, once all were silent for more than a minute.
func wakeIdle(t *testing.T, w *world) {
	const silence = 62 * time.Second
	ctx, cancel := context.WithDeadline(t.Context(), w.idle.since.Add(silence))
	defer cancel()
	<-ctx.Done()
	for _, client := range w.idle.clients {
		_, err := client.Write([]byte("word"))
		must(t, err)
		if _, err := client.Read(make([]byte, 1)); err == nil {
			t.Error("the connection was not reset")
		}
	}
}
