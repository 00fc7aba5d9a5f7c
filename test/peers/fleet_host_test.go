package peers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/test/peers/fleetplay"
)

// fleetHost is what the machines of a fleet ask over the network of the host: to wait for
// each other, for the time, and to keep what they report.
type fleetHost struct {
	url string

	mutex    sync.Mutex
	meetings map[string]*meeting
	reports  []fleetplay.Report
	clocks   []fleetplay.Clock
}

// meeting is over once all have come.
type meeting struct {
	came int
	all  chan struct{}
}

func startFleetHost(t *testing.T) *fleetHost {
	t.Helper()
	h := &fleetHost{meetings: make(map[string]*meeting)}
	mux := http.NewServeMux()
	mux.HandleFunc("/meet", h.meet)
	mux.HandleFunc("/time", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, time.Now().UnixNano()) })
	mux.HandleFunc("/report", func(w http.ResponseWriter, r *http.Request) { keep(h, w, r, &h.reports) })
	mux.HandleFunc("/clock", func(w http.ResponseWriter, r *http.Request) { keep(h, w, r, &h.clocks) })
	server := httptest.NewServer(mux) // on loopback
	t.Cleanup(server.CloseClientConnections)
	h.url = server.URL
	return h
}

func (h *fleetHost) meet(w http.ResponseWriter, r *http.Request) {
	where := r.FormValue("where")
	of, err := strconv.Atoi(r.FormValue("of"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.mutex.Lock()
	m := h.meetings[where]
	if m == nil {
		m = &meeting{all: make(chan struct{})}
		h.meetings[where] = m
	}
	if m.came++; m.came == of {
		close(m.all)
	}
	h.mutex.Unlock()
	select {
	case <-m.all:
	case <-r.Context().Done():
	}
}

func keep[T any](h *fleetHost, w http.ResponseWriter, r *http.Request, all *[]T) {
	var one T
	if err := json.NewDecoder(r.Body).Decode(&one); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	*all = append(*all, one)
}

// ahead is what is known of how far the clock of b is ahead of that of a: both were compared
// with that of the host, at the beginning and at the end.
func (h *fleetHost) ahead(a, b string) (least, most time.Duration) {
	bounds := func(name string) (c fleetplay.Clock) {
		for _, one := range h.clocks {
			switch {
			case one.Machine != name:
			case c.Machine == "":
				c = one
			default: // it may have changed meanwhile
				c.Least, c.Most = min(c.Least, one.Least), max(c.Most, one.Most)
			}
		}
		return c
	}
	of, with := bounds(a), bounds(b)
	return with.Least - of.Most, with.Most - of.Least
}
