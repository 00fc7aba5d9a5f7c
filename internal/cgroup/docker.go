package cgroup

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// dockerSockets are where engines listen that speak Docker's API.
var dockerSockets = []struct{ runtime, socket string }{
	{"docker", "run/docker.sock"},
	{"podman", "run/podman/podman.sock"},
}

// dockerAPI is Docker's REST API, which Podman speaks too: GET /containers/ID/json.
type dockerAPI struct {
	runtime string
	client  *http.Client
}

func newDockerAPI(runtime, socket string) *dockerAPI {
	return &dockerAPI{runtime: runtime, client: &http.Client{
		Transport:     newTransport(socket),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (d *dockerAPI) knows(location Location) bool {
	c := &location.Container
	return c.ID != "" && c.Name == "" && (c.Runtime == "" || c.Runtime == d.runtime)
}

func (d *dockerAPI) inspect(ctx context.Context, location Location) (containerNames, error) {
	id := location.Container.ID
	response, err := d.get(ctx, "/containers/"+id+"/json")
	if err != nil {
		return containerNames{}, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return containerNames{}, nil
	default:
		return containerNames{}, fmt.Errorf("ask %s: %s", d.runtime, response.Status)
	}
	var container struct {
		ID   string `json:"Id"`
		Name string
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, answerMax)).Decode(&container); err != nil {
		return containerNames{}, unanswered(ctx, d.runtime, err)
	}
	if container.ID != id {
		return containerNames{}, fmt.Errorf("answer of %s is about another container", d.runtime)
	}
	return containerNames{runtime: d.runtime, container: bounded(strings.TrimPrefix(container.Name, "/"))}, nil
}

func (d *dockerAPI) ping(ctx context.Context) error {
	response, err := d.get(ctx, "/_ping")
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// get sends a request. The body of the answer may still be on its way.
func (d *dockerAPI) get(ctx context.Context, path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.runtime+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := d.client.Do(request)
	if err != nil {
		return nil, unanswered(ctx, d.runtime, err)
	}
	return response, nil
}

func (d *dockerAPI) close() { d.client.CloseIdleConnections() }
