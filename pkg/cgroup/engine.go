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
)

// engine asks a container engine by Docker's REST API, which Podman speaks too:
// GET /containers/ID/json.
type engine struct {
	runtime string
	socket  string
	client  *http.Client
}

func newEngine(runtime, socket string) *engine {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "unix", socket)
	}
	return &engine{
		runtime: runtime,
		socket:  socket,
		client:  &http.Client{Transport: &http.Transport{DialContext: dial, MaxIdleConns: 1, IdleConnTimeout: 10 * time.Second}},
	}
}

// answerMax bounds the answer of the engine.
const answerMax = 4 << 20

func (e *engine) name(ctx context.Context, place Place) (naming, error) {
	id, runtime := place.Container.ID, place.Container.Runtime
	if id == "" || runtime != "" && runtime != e.runtime {
		return naming{}, nil
	}
	if _, err := os.Stat(e.socket); errors.Is(err, fs.ErrNotExist) {
		return naming{}, nil // this engine is not here
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+e.runtime+"/containers/"+id+"/json", nil)
	if err != nil {
		return naming{}, err
	}
	response, err := e.client.Do(request)
	if err != nil {
		return naming{}, fmt.Errorf("ask %s: %w", e.runtime, err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return naming{}, nil
	default:
		return naming{}, fmt.Errorf("ask %s: %s", e.runtime, response.Status)
	}
	var container struct {
		ID   string `json:"Id"`
		Name string
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, answerMax)).Decode(&container); err != nil {
		return naming{}, fmt.Errorf("answer of %s: %w", e.runtime, err)
	}
	if container.ID != id {
		return naming{}, fmt.Errorf("answer of %s is about another container", e.runtime)
	}
	return naming{runtime: e.runtime, container: strings.TrimPrefix(container.Name, "/")}, nil
}

func (e *engine) close() { e.client.CloseIdleConnections() }
