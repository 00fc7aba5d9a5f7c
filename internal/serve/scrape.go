package serve

import (
	"net/http"
	"time"
)

const (
	// scrapesMax is how many scrapes are written at once, each with a compressor that takes nearly a megabyte.
	// The others wait.
	scrapesMax = 2
	// scrapePatience is how long a scrape may take, with its wait.
	scrapePatience = 10 * time.Second
)

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
