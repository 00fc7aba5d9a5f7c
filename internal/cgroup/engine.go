package cgroup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
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

// engine is a container engine. One that gives no answer counts as down: until it
// has answered again, questions fail at once.
type engine struct {
	runtime string
	socket  string
	language
	breaker *gobreaker.CircuitBreaker[containerNames]

	silence         chan error // the news that it is down: room for one
	silenceReported bool       // of Resolver.SilentEngines
}

// language is how an engine is asked. An error is a noAnswer if none came.
type language interface {
	// knows reports whether the engine may add to what is known of a location.
	knows(location Location) bool
	// inspect asks what a location is called.
	inspect(ctx context.Context, location Location) (containerNames, error)
	// ping asks whether the engine answers at all.
	ping(ctx context.Context) error
	close()
}

func newEngine(runtime, socket string, speaks language) *engine {
	return &engine{runtime: runtime, socket: socket, language: speaks, breaker: newBreaker(engineRest), silence: make(chan error, 1)}
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

func (e *engine) name(ctx context.Context, location Location) (containerNames, error) {
	if !e.here() {
		return containerNames{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	got, err := e.breaker.Execute(func() (containerNames, error) { return e.inspect(ctx, location) })
	// Where the kubelet has told the names, the engine is not missed.
	if errors.As(err, new(noAnswer)) && !location.named() {
		select {
		case e.silence <- err:
		default: // that is known already
		}
	}
	return got, err
}

// answers is nil if the engine answers.
func (e *engine) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	return e.ping(ctx)
}

// newTransport connects to a socket. What comes from it takes little memory.
func newTransport(socket string) *http.Transport {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "unix", socket)
	}
	return &http.Transport{
		DialContext: dial, MaxIdleConns: namesWorkers, IdleConnTimeout: 10 * time.Second,
		MaxResponseHeaderBytes: headersMax, DisableCompression: true,
	}
}

// unanswered is the error of a question that failed: a noAnswer if nobody was there, or if
// the time was up.
func unanswered(ctx context.Context, runtime string, err error) error {
	var dial *net.OpError
	switch {
	case errors.As(err, &dial) && dial.Op == "dial":
		return noAnswer{dial}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return noAnswer{errors.New("no answer in time")}
	}
	return fmt.Errorf("ask %s: %w", runtime, err)
}
