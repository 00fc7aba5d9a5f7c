package stories

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const redisPort = 6379

// redisStory is a redis with one client that is connected.
type redisStory struct {
	*story
	clients, server *host
	redis, client   *program
}

func newRedisStory(t *testing.T) *redisStory {
	t.Helper()
	s := &redisStory{story: newStory(t, "redis-server", "redis-cli")}
	s.clients, s.server = s.host("client"), s.host("server")
	address := s.wire(s.clients, s.server)
	s.redis = s.server.redis()
	s.client = connected(s.clients, address)
	return s
}

func (h *host) redis(settings ...string) *program {
	h.story.Helper()
	p := h.start("redis-server", append([]string{"--port", fmt.Sprint(redisPort), "--save", "", "--protected-mode", "no"}, settings...)...)
	h.awaitListener(redisPort)
	return p
}

// connected starts a client that has had its first answer.
func connected(h *host, address string) *program {
	h.story.Helper()
	p := h.start("redis-cli", "-h", address)
	p.write("PING\n")
	h.story.await("redis answers", func() bool { return strings.Contains(p.output.String(), "PONG") })
	return p
}

// clientKill is the command that ends the client's connection.
func (s *redisStory) clientKill() string {
	s.Helper()
	return fmt.Sprintf("CLIENT KILL %s\n", s.clients.awaitState(redisPort, event.StateEstablished).local)
}

// unread is the number of connections with a command that redis has not read.
func (s *redisStory) unread() int {
	s.Helper()
	waiting := 0
	for _, k := range s.server.sockets() {
		if k.state == event.StateEstablished && k.local.Port() == redisPort && k.unread > 0 {
			waiting++
		}
	}
	return waiting
}

// getKey is "GET key" as redis-cli sends it.
const getKey = "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n"

// TestRedisClientKill: a client that is killed while it idles gets a FIN. The
// reset comes with its next command.
func TestRedisClientKill(t *testing.T) {
	s := newRedisStory(t)
	admin := connected(s.server, "127.0.0.1")
	s.watch()
	const pings = 2 // one when it connected; after this one it is not idle
	s.client.write("PING\n")
	s.await("redis answers again", func() bool { return strings.Count(s.client.output.String(), "PONG") == pings })
	admin.write(s.clientKill())
	s.server.awaitState(redisPort, event.StateFinWait2)
	s.client.write("GET key\n")
	s.client.says("Error: Server closed the connection")
	s.expect("redis-client-kill",
		reset{
			On: "server", Dir: event.Sent, Cause: cause.DataAfterClose, Port: redisPort, State: event.StateFinWait2,
			Owner: owner("redis-server", s.redis.pid()), OtherEnd: "client",
		},
		reset{
			On: "client", Dir: event.Received, Cause: cause.WroteAfterPeerClose, Port: redisPort, State: event.StateCloseWait,
			Owner: owner("redis-cli", s.client.pid()), App: brokenPipe, Lost: event.Lost{UnackedBytes: uint32(len(getKey))}, OtherEnd: "server",
		})
}

// TestRedisClientKillBusy: redis is busy while CLIENT KILL and then a command
// of the client arrive. It never reads that command.
func TestRedisClientKillBusy(t *testing.T) {
	s := newRedisStory(t)
	admin := connected(s.server, "127.0.0.1")
	s.watch()
	stop(s.story, s.redis.pid())
	admin.write(s.clientKill())
	s.await("the kill waits", func() bool { return s.unread() == 1 })
	s.client.write("GET key\n")
	s.await("the command waits, too", func() bool { return s.unread() == 2 })
	s.clients.awaitAcknowledged(redisPort)
	resume(s.story, s.redis.pid())
	s.client.says("Error: Connection reset by peer")
	s.expect("redis-client-kill-busy",
		reset{
			On: "server", Dir: event.Sent, Cause: cause.UnreadDataOnClose, Port: redisPort, State: event.StateEstablished,
			Owner: owner("redis-server", s.redis.pid()), InCall: true, Lost: event.Lost{UnreadBytes: uint32(len(getKey))}, OtherEnd: "client",
		},
		reset{
			On: "client", Dir: event.Received, Cause: cause.PeerAborted, Port: redisPort, State: event.StateEstablished,
			Owner: owner("redis-cli", s.client.pid()), App: connectionReset, OtherEnd: "server",
		})
}

// TestRedisRestart: redis is killed while a client waits in its accept queue.
// Any of its threads may be the one that closes the listener.
func TestRedisRestart(t *testing.T) {
	s := newStory(t, "redis-server", "redis-cli")
	clients, server := s.host("client"), s.host("server")
	address := s.wire(clients, server)
	redis := server.redis()

	s.watch()
	stop(s, redis.pid())
	client := clients.start("redis-cli", "-h", address, "PING")
	server.awaitUnread(redisPort, event.StateListen, 1)
	const ping = "*1\r\n$4\r\nPING\r\n"
	server.awaitUnread(redisPort, event.StateEstablished, uint64(len(ping)))
	clients.awaitAcknowledged(redisPort)
	redis.signal(unix.SIGKILL)
	redis.wait()
	client.says("Error: Connection reset by peer")
	s.expect("redis-restart",
		reset{
			On: "server", Dir: event.Sent, Cause: cause.ListenerClosed, Port: redisPort, State: event.StateEstablished,
			Owner: owner("redis-server", redis.pid()), InCall: true, Ended: "SIGKILL", Lost: event.Lost{UnreadBytes: uint32(len(ping))},
			OtherEnd: "client",
		},
		reset{
			On: "client", Dir: event.Received, Cause: cause.PeerAborted, Port: redisPort, State: event.StateEstablished,
			Owner: owner("redis-cli", client.pid()), App: connectionReset, OtherEnd: "server",
		})
}

// TestRedisTimeout: redis closes an idle connection. The client tests it later with a PING,
// which has the size of a QUIT.
func TestRedisTimeout(t *testing.T) {
	s := newStory(t, "redis-server", "socat")
	client, server := s.host("client"), s.host("server")
	address := s.wire(client, server)
	redis := server.redis("--timeout", "1")
	s.watch()
	socat := client.start("socat", "-t", "30", "-", fmt.Sprintf("TCP:%s:%d", address, redisPort))
	const ping = "PING\r\n"
	socat.write(ping)
	s.await("redis answers", func() bool { return strings.Contains(socat.output.String(), "PONG") })
	client.awaitState(redisPort, event.StateCloseWait)
	time.Sleep(500 * time.Millisecond) // it is no race
	socat.write(ping)
	s.expect("redis-timeout",
		reset{
			On: "server", Dir: event.Sent, Cause: cause.DataAfterClose, Port: redisPort, State: event.StateFinWait2,
			Owner: owner("redis-server", redis.pid()), OtherEnd: "client",
		},
		reset{
			On: "client", Dir: event.Received, Cause: cause.WroteAfterPeerClose, Port: redisPort, State: event.StateCloseWait,
			Owner: owner("socat", socat.pid()), App: brokenPipe, Lost: event.Lost{UnackedBytes: uint32(len(ping))}, OtherEnd: "server",
		})
}
