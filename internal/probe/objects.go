package probe

import (
	"maps"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/rsttrace/rsttrace/bpf"
)

// object names a compiled object of package bpf.
type object string

const (
	fentryObject     object = "fentry"
	kprobeObject     object = "kprobe"
	tracepointObject object = "tracepoint"
	contextObject    object = "context"
	dropsObject      object = "drops"
)

// objectFiles parse the objects. Those of commonObjects together declare all maps.
var objectFiles = map[object]func() (*ebpf.CollectionSpec, error){
	fentryObject:     bpf.LoadFentry,
	kprobeObject:     bpf.LoadKprobe,
	tracepointObject: bpf.LoadTracepoint,
	contextObject:    bpf.LoadContext,
	dropsObject:      bpf.LoadDrops,
}

// commonObjects are needed whatever the attach method.
var commonObjects = []object{contextObject, dropsObject}

// sharedMaps are the maps that exist once for all programs: those of commonObjects,
// without the sections for constants and variables. Of these each program has its
// own, so what another program shall see must be in a map.
func sharedMaps(load func(object) (*ebpf.CollectionSpec, error)) (map[string]*ebpf.MapSpec, error) {
	shared := make(map[string]*ebpf.MapSpec)
	for _, name := range commonObjects {
		parsed, err := load(name)
		if err != nil {
			return nil, err
		}
		maps.Copy(shared, parsed.Maps)
	}
	maps.DeleteFunc(shared, func(name string, _ *ebpf.MapSpec) bool { return strings.HasPrefix(name, ".") })
	return shared, nil
}
