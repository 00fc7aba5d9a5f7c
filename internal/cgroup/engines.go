package cgroup

import "context"

// Engine is a container engine of this host.
type Engine struct {
	Runtime string // "docker", "podman"
	Socket  string
	Err     error // why it gave no answer; nil: it answers
}

// Engines asks each container engine that is here whether it answers. It takes
// a few seconds at most. root is the folder in which /run is; "" means /.
func Engines(ctx context.Context, root string) []Engine {
	_, all := openNames(root)
	var here []Engine
	for _, e := range all {
		if e.here() {
			here = append(here, Engine{e.runtime, e.socket, e.ping(ctx)})
		}
		e.close()
	}
	return here
}
