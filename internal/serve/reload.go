package serve

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// reloads runs the function that reads the configuration again, once at a time, and counts.
type reloads struct {
	reload func() error
	now    func() time.Time
	before func() // both tell the service manager
	after  func()

	turn sync.Mutex
	mu   sync.Mutex
	done uint64
	bad  uint64
	good time.Time // when the configuration was taken that holds now
	fine bool      // the last one was taken
}

// do reads the configuration again.
func (r *reloads) do() error {
	r.turn.Lock()
	defer r.turn.Unlock()
	r.before()
	defer r.after()
	err := r.reload()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	if r.fine = err == nil; r.fine {
		r.good = r.now()
	} else {
		r.bad++
	}
	return err
}

// Reload reads the configuration again. Any goroutine may call it.
func (s *Server) Reload() error { return s.reloads.do() }

// handleReload is POST /-/reload.
func (s *Server) handleReload(w http.ResponseWriter, r *http.Request) {
	switch {
	case !s.lifecycle:
		refuse(w, http.StatusForbidden, errors.New("this is switched off; start rsttrace with --web.enable-lifecycle, or send SIGHUP"))
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed, errors.New("want POST: curl -X POST"))
	default:
		if err := s.Reload(); err != nil {
			refuse(w, http.StatusInternalServerError, err)
			return
		}
		answer(func() error { return nil })(w, r)
	}
}

func (r *reloads) collect(to chan<- prometheus.Metric) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fine := 0.0
	if r.fine {
		fine = 1
	}
	to <- value(reloadGood, fine)
	to <- value(reloadTime, float64(r.good.UnixMilli())/1000)
	to <- value(reloadCount, float64(r.done-r.bad), "taken")
	to <- value(reloadCount, float64(r.bad), "refused")
}
