package cgroup

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

func (k kubelet) knows(location Location) bool { return location.PodUID != "" }

func (k kubelet) down() bool { return false }

func (k kubelet) name(ctx context.Context, location Location) (containerNames, error) {
	var n containerNames
	err := find(ctx, filepath.Join(k.logs, "pods"), func(entry string) bool {
		parts := strings.Split(entry, "_")
		if len(parts) != 3 || parts[2] != location.PodUID {
			return false
		}
		n.pod = parts[0] + "/" + parts[1]
		return true
	})
	if err != nil || location.Container.ID == "" {
		return n, err
	}
	err = find(ctx, filepath.Join(k.logs, "containers"), func(entry string) bool {
		name, found := strings.CutSuffix(entry, "-"+location.Container.ID+".log")
		parts := strings.Split(name, "_")
		if !found || len(parts) != 3 {
			return false
		}
		n.container = parts[2]
		return true
	})
	return n, err
}

// entriesAtOnce bounds the memory for a directory, whatever is in it.
const entriesAtOnce = 1024

// find reads the names in a directory until one is right. If there is no such
// directory, no kubelet runs.
func find(ctx context.Context, dir string, right func(string) bool) error {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	for ctx.Err() == nil {
		entries, err := d.Readdirnames(entriesAtOnce)
		if slices.ContainsFunc(entries, right) || errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}
