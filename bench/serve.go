package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// serve is rsttrace as a daemon. It is asked for its metrics once, at the end.
func serve(program string) tracer {
	return tracer{name: "rsttrace serve", start: func(*loadns) (running, error) {
		s, err := startServe(program)
		if err != nil {
			return nil, err
		}
		return s, nil
	}}
}

// runningServe is the daemon, attached.
type runningServe struct {
	*process
	metrics string // their address
}

func startServe(program string) (*runningServe, error) {
	folder, err := os.MkdirTemp("", "rsttrace-bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	at, err := freeAddress()
	if err != nil {
		return nil, err
	}
	ready := filepath.Join(folder, "ready")
	p, err := newProcess(program, "serve", "--web.listen-address", at, "--ready-file", ready)
	if err != nil {
		return nil, err
	}
	if err := p.launch(p.cmd.Start, exists(ready)); err != nil {
		return nil, err
	}
	return &runningServe{p, "http://" + at + "/metrics"}, nil
}

// freeAddress is a port of loopback that nobody has at the moment.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

func (s *runningServe) stop(l load, operations uint64) (account, error) {
	totals, err := s.scrape()
	if err != nil {
		s.kill()
		return account{}, err
	}
	cpu, err := s.interrupt()
	if err != nil {
		return account{}, err
	}
	if s.cmd.ProcessState.ExitCode() != 0 {
		return account{}, s.failure("failed")
	}
	return account{lost: totals.Lost, cpu: cpu}, totals.check(l, operations)
}

func (s *runningServe) scrape() (*totals, error) {
	response, err := http.Get(s.metrics)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, errors.New("metrics: " + response.Status)
	}
	return readMetrics(response.Body)
}

// metricLine is a sample in the text format of Prometheus, as far as it is of use here.
var metricLine = regexp.MustCompile(`^rsttrace_(resets|events_lost|probes_missed)_total(?:\{cause="([a-z0-9-]+)",direction="([a-z]+)"\})? ([0-9.e+]+)$`)

// readMetrics makes totals of metrics.
func readMetrics(text io.Reader) (*totals, error) {
	var t totals
	var sum uint64
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		m := metricLine.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		value, err := strconv.ParseFloat(m[4], 64)
		if err != nil {
			return nil, err
		}
		switch n := uint64(value); m[1] {
		case "resets":
			sum += n
			t.Causes = append(t.Causes, event.Count{Dir: event.Dir(m[3]), Cause: event.CauseID(m[2]), Events: n})
		case "events_lost":
			t.Lost = n
		case "probes_missed":
			t.Missed = n
		}
	}
	if len(t.Causes) == 0 {
		return nil, fmt.Errorf("the metrics have no rsttrace_resets_total")
	}
	if t.Lost > sum {
		return nil, fmt.Errorf("%d events were lost, and %d counted", t.Lost, sum)
	}
	t.Shown = sum - t.Lost // what was held back is among these: no metric of them is exact
	return &t, lines.Err()
}
