package serve

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	// scrapesMax is how many scrapes are written at once, each with a compressor that takes nearly a megabyte.
	// The others wait.
	scrapesMax = 2
	// scrapePatience is how long a scrape may take, with its wait.
	scrapePatience = 10 * time.Second
)

// scraped answers scrapes. A compressor takes nearly a megabyte, and half of the time of a scrape. Both
// buy nothing if the answer stays on this host.
func (s *Server) scraped() http.Handler {
	options := promhttp.HandlerOpts{EnableOpenMetrics: true, CoalesceGather: true, Registry: s.registry}
	packed := promhttp.HandlerFor(s.registry, options)
	options.DisableCompression = true
	plain := promhttp.HandlerFor(s.registry, options)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if onThisHost(r) {
			plain.ServeHTTP(w, r)
			return
		}
		packed.ServeHTTP(w, r)
	})
}

// onThisHost reports whether the client came over loopback.
func onThisHost(r *http.Request) bool {
	client, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && client.Addr().Unmap().IsLoopback()
}

// bounded has few scrapes work at once, however many there are. What one has written waits
// in memory for its client, so that one who reads slowly holds up nobody.
func bounded(scrape http.Handler) http.Handler {
	turns := make(chan struct{}, scrapesMax)
	inTurn := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case turns <- struct{}{}:
			defer func() { <-turns }()
			scrape.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
	return http.TimeoutHandler(inTurn, scrapePatience, "there are too many scrapes, or the machine has no time; try again")
}
