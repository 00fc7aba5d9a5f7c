package cgroup

import (
	"context"
	"errors"

	"github.com/rsttrace/rsttrace/internal/grpcclient"
)

// Engine is a container engine of this host.
type Engine struct {
	Runtime string // "docker", "podman", "containerd", "crio"
	Socket  string
	Err     error // why it gave no answer; nil: it answers
}

// Engines asks each container engine that is here whether it answers. It takes a few
// seconds at most. The containerd of Docker knows no names, and is left out. root is the
// folder in which /run is; "" means /.
func Engines(ctx context.Context, root string) []Engine {
	_, all := openNames(root)
	var here []Engine
	for _, e := range all {
		if e.here() {
			if err := e.answers(ctx); !errors.Is(err, grpcclient.ErrUnimplemented) {
				here = append(here, Engine{e.runtime, e.socket, err})
			}
		}
		e.close()
	}
	return here
}
