package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/test/peers/fleetplay"
)

// host is the test, which the machines reach over a network of its own.
type host struct {
	url      string
	machines int
}

// meet returns once all machines have come here.
func (h *host) meet(where string) error { return h.meetOf(where, h.machines) }

// meetOf returns once so many have come here.
func (h *host) meetOf(where string, many int) error {
	_, err := h.ask("/meet?"+url.Values{"where": {where}, "of": {strconv.Itoa(many)}}.Encode(), nil)
	return err
}

// report tells what was done with a connection.
func (h *host) report(r fleetplay.Report) error {
	body, err := json.Marshal(r)
	if err == nil {
		_, err = h.ask("/report", body)
	}
	return err
}

func (h *host) ask(path string, body []byte) ([]byte, error) {
	response, err := http.Post(h.url+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, response.Status, answer)
	}
	return answer, err
}

// clock compares the clock of this machine with that of the host, some times, and returns
// what all of them agree on. The host reads its clock between two readings of this one.
func (h *host) clock() (c fleetplay.Clock, err error) {
	const times = 10
	for i := range times {
		before := time.Now()
		answer, err := h.ask("/time", nil)
		after := time.Now()
		if err != nil {
			return c, err
		}
		nanos, err := strconv.ParseInt(string(answer), 10, 64)
		if err != nil {
			return c, err
		}
		there := time.Unix(0, nanos)
		least, most := before.Round(0).Sub(there), after.Round(0).Sub(there)
		if i == 0 {
			c.Least, c.Most = least, most
		}
		c.Least, c.Most = max(c.Least, least), min(c.Most, most)
	}
	return c, nil
}

// setClock sets the clock ahead of that of the host.
func (h *host) setClock(ahead time.Duration) error {
	c, err := h.clock()
	if err != nil {
		return err
	}
	now := time.Now().Add(ahead - (c.Least+c.Most)/2)
	spec := unix.NsecToTimespec(now.UnixNano())
	return unix.ClockSettime(unix.CLOCK_REALTIME, &spec)
}

// measured tells the host how far the clock of a machine is ahead now.
func (h *host) measured(name string) error {
	c, err := h.clock()
	if err != nil {
		return err
	}
	c.Machine = name
	body, err := json.Marshal(c)
	if err == nil {
		_, err = h.ask("/clock", body)
	}
	return err
}
