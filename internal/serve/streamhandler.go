package serve

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/rsttrace/rsttrace/pkg/filter"
)

// writePatience is how long one write to a client may take. Tests shorten it.
var writePatience = 10 * time.Second

// streamTo answers with JSON lines, live, until the client goes.
func (s *Server) streamTo(events bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		wanted, err := s.filterOf(r)
		if err != nil {
			refuse(w, http.StatusBadRequest, err)
			return
		}
		c := s.streams.enter(wanted, events, s.streamsMax)
		if c == nil {
			w.Header().Set("Retry-After", "10")
			refuse(w, http.StatusServiceUnavailable, fmt.Errorf("there are %d streams already; raise --web.max-streams", s.streamsMax))
			return
		}
		defer s.streams.leave(c)
		w.Header().Set("Content-Type", "application/x-ndjson")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Accel-Buffering", "no") // nginx
		control := http.NewResponseController(w)
		if control.SetReadDeadline(time.Time{}) != nil || control.Flush() != nil {
			return
		}
		if err := pump(r, c, w, control); err != nil || c.tooSlow.Load() {
			panic(http.ErrAbortHandler) // so that the client sees that more would have come
		}
	}
}

// pump writes lines as they come, several at once if several wait.
func pump(r *http.Request, c *client, w io.Writer, control *http.ResponseController) error {
	for {
		select {
		case line, more := <-c.lines:
			if !more {
				return nil
			}
			if err := control.SetWriteDeadline(time.Now().Add(writePatience)); err != nil {
				return err
			}
			if _, err := w.Write(line); err != nil {
				return err
			}
			if len(c.lines) > 0 {
				continue
			}
			if err := control.Flush(); err != nil {
				return err
			}
			// With HTTP/2 a deadline ends the stream also where nothing is being written.
			if err := control.SetWriteDeadline(time.Time{}); err != nil {
				return err
			}
		case <-r.Context().Done():
			return nil
		}
	}
}

// filterOf is the filter of a request: ?filter=sent+and+port+443
func (s *Server) filterOf(r *http.Request) (*filter.Filter, error) {
	query := r.URL.Query()
	for name, values := range query {
		if name != "filter" || len(values) != 1 {
			return nil, fmt.Errorf("%q: want one parameter, filter, as in ?filter=sent+and+port+443", name)
		}
	}
	parsed, err := filter.Parse(query.Get("filter"), s.vocabulary)
	if err != nil {
		return nil, errors.Join(errors.New("the filter is wrong"), err)
	}
	return parsed, nil
}

// refuse answers with an error in plain text.
func refuse(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	fmt.Fprintln(w, err)
}
