package cgroup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/sony/gobreaker/v2"
)

const (
	// answerMax bounds the answer of an engine, headersMax what comes before it.
	// An answer about a container has some 10 KiB.
	answerMax  = 1 << 20
	headersMax = 64 << 10
	// answerTimeout bounds one question to an engine.
	answerTimeout = 2 * time.Second
	// engineRest is how long an engine that gave no answer is left alone. Then one
	// question tries whether it is back.
	engineRest = 10 * time.Second
)

// engine asks a container engine by Docker's REST API, which Podman speaks too:
// GET /containers/ID/json. An engine that gives no answer counts as down: until it
// has answered again, questions fail at once.
type engine struct {
	runtime string
	socket  string
	client  *http.Client
	breaker *gobreaker.CircuitBreaker[containerNames]

	silence         chan error // the news that it is down: room for one
	silenceReported bool       // of Resolver.SilentEngines
}

func newEngine(runtime, socket string) *engine {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "unix", socket)
	}
	return &engine{
		runtime: runtime,
		socket:  socket,
		client: &http.Client{
			Transport: &http.Transport{
				DialContext: dial, MaxIdleConns: namesWorkers, IdleConnTimeout: 10 * time.Second,
				MaxResponseHeaderBytes: headersMax, DisableCompression: true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		breaker: newBreaker(engineRest),
		silence: make(chan error, 1),
	}
}

// newBreaker opens at the first question without an answer.
func newBreaker(rest time.Duration) *gobreaker.CircuitBreaker[containerNames] {
	return gobreaker.NewCircuitBreaker[containerNames](gobreaker.Settings{
		Timeout:      rest,
		ReadyToTrip:  func(counts gobreaker.Counts) bool { return counts.ConsecutiveFailures > 0 },
		IsSuccessful: func(err error) bool { return !errors.As(err, new(noAnswer)) },
	})
}

// noAnswer is the error of an engine that gave no answer. One that makes no sense
// is an answer: the next may.
type noAnswer struct{ error }

func (n noAnswer) Unwrap() error { return n.error }

// here reports whether there is such an engine on this host.
func (e *engine) here() bool {
	_, err := os.Stat(e.socket)
	return !errors.Is(err, fs.ErrNotExist)
}

func (e *engine) down() bool { return e.breaker.State() != gobreaker.StateClosed }

func (e *engine) knows(location Location) bool {
	return location.Container.ID != "" && (location.Container.Runtime == "" || location.Container.Runtime == e.runtime)
}

func (e *engine) name(ctx context.Context, location Location) (containerNames, error) {
	if !e.here() {
		return containerNames{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	got, err := e.breaker.Execute(func() (containerNames, error) { return e.inspect(ctx, location.Container.ID) })
	if errors.As(err, new(noAnswer)) {
		select {
		case e.silence <- err:
		default: // that is known already
		}
	}
	return got, err
}

// inspect asks for one container.
func (e *engine) inspect(ctx context.Context, id string) (containerNames, error) {
	response, err := e.get(ctx, "/containers/"+id+"/json")
	if err != nil {
		return containerNames{}, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return containerNames{}, nil
	default:
		return containerNames{}, fmt.Errorf("ask %s: %s", e.runtime, response.Status)
	}
	var container struct {
		ID   string `json:"Id"`
		Name string
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, answerMax)).Decode(&container); err != nil {
		return containerNames{}, e.failure(ctx, fmt.Errorf("answer of %s: %w", e.runtime, err))
	}
	if container.ID != id {
		return containerNames{}, fmt.Errorf("answer of %s is about another container", e.runtime)
	}
	return containerNames{runtime: e.runtime, container: bounded(strings.TrimPrefix(container.Name, "/"))}, nil
}

// ping asks whether the engine answers at all.
func (e *engine) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	response, err := e.get(ctx, "/_ping")
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// get sends a request. The body of the answer may still be on its way.
func (e *engine) get(ctx context.Context, path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+e.runtime+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := e.client.Do(request)
	if err == nil {
		return response, nil
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return nil, noAnswer{dial}
	}
	return nil, e.failure(ctx, fmt.Errorf("ask %s: %w", e.runtime, err))
}

// failure is a noAnswer if it came about because the time was up.
func (e *engine) failure(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return noAnswer{errors.New("no answer in time")}
	}
	return err
}

func (e *engine) close() { e.client.CloseIdleConnections() }
