package cgroup

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// kubelet reads the names of pods and containers from the names of their log
// files, which the kubelet lays out in the same way for every runtime:
//
//	/var/log/pods/NAMESPACE_POD_UID/CONTAINER/0.log
//	/var/log/containers/POD_NAMESPACE_CONTAINER-ID.log
//
// None of the names may contain an underscore.
type kubelet struct {
	logs string // /var/log
}

func (k kubelet) name(_ context.Context, place Place) (naming, error) {
	if place.PodUID == "" {
		return naming{}, nil
	}
	pods, err := list(filepath.Join(k.logs, "pods"))
	if err != nil {
		return naming{}, err
	}
	var n naming
	for _, entry := range pods {
		if parts := strings.Split(entry, "_"); len(parts) == 3 && parts[2] == place.PodUID {
			n.pod = parts[0] + "/" + parts[1]
			break
		}
	}
	if place.Container.ID == "" {
		return n, nil
	}
	containers, err := list(filepath.Join(k.logs, "containers"))
	if err != nil {
		return n, err
	}
	for _, entry := range containers {
		name, found := strings.CutSuffix(entry, "-"+place.Container.ID+".log")
		if parts := strings.Split(name, "_"); found && len(parts) == 3 {
			n.container = parts[2]
			break
		}
	}
	return n, nil
}

// list reads the names in a directory. Where there is none, no kubelet runs.
func list(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}
