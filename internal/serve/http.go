package serve

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/netutil"
)

const (
	// connectionsMax is how many connections one address takes. The others wait.
	connectionsMax = 64

	requestPatience = 30 * time.Second // for an answer that is no stream, with its writing
	headerPatience  = 5 * time.Second
	idlePatience    = 2 * time.Minute
	headerMax       = 16 << 10

	// endPatience is how long requests may still take when the server ends.
	endPatience = time.Second
)

// ForProbes are the paths that say only whether rsttrace is well. Probes of Kubernetes and
// load balancers have no password.
var ForProbes = []string{"/healthz", "/readyz"}

// Handler answers all requests.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	short := func(pattern string, h http.Handler) { mux.Handle(pattern, inTime(h)) }
	short("GET /metrics", bounded(s.scraped()))
	short("GET /healthz", answer(s.alive))
	short("GET /readyz", answer(s.ready))
	short("/-/reload", http.HandlerFunc(s.handleReload))
	short("GET /{$}", http.HandlerFunc(s.landing))
	mux.Handle("GET /events", s.streamTo(true))
	mux.Handle("GET /findings", s.streamTo(false))
	return mux
}

// inTime ends an answer that nobody reads.
func inTime(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A writer of a test has no deadline, and needs none.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(requestPatience))
		h.ServeHTTP(w, r)
	})
}

// Serve answers on listeners until ctx ends, or one of them fails. give serves one, with
// TLS or without.
func (s *Server) Serve(ctx context.Context, listeners []net.Listener, give func(net.Listener, *http.Server) error) error {
	var serving sync.WaitGroup
	failed := make(chan error, len(listeners))
	servers := make([]*http.Server, 0, len(listeners))
	for _, listener := range listeners {
		server := newHTTPServer(s.Handler())
		servers = append(servers, server)
		serving.Go(func() {
			if err := give(netutil.LimitListener(listener, connectionsMax), server); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		})
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	s.streams.end()
	patience, cancel := context.WithTimeout(context.Background(), endPatience)
	defer cancel()
	for _, server := range servers {
		if server.Shutdown(patience) != nil {
			server.Close()
		}
	}
	serving.Wait()
	return err
}

// newHTTPServer bounds what a client that hangs, or is a stranger, can take.
func newHTTPServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: headerPatience, ReadTimeout: 2 * headerPatience, IdleTimeout: idlePatience,
		MaxHeaderBytes: headerMax, ErrorLog: log.New(onlyPanics{log.Writer()}, "rsttrace: ", 0),
	}
}

// onlyPanics passes on what is a mistake of this program. What strangers do, such as to
// break off TLS, is no line for people.
type onlyPanics struct {
	to interface{ Write([]byte) (int, error) }
}

// Write is part of io.Writer.
func (o onlyPanics) Write(line []byte) (int, error) {
	if strings.Contains(string(line), "panic") {
		return o.to.Write(line)
	}
	return len(line), nil
}
