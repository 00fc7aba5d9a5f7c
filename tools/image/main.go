// Command image makes an OCI image from nothing but files, for several architectures.
// It is a module of its own, because rsttrace needs no registry.
//
//	image VERSION DIR ARCH=TREE...
//
// TREE is a folder with the files of one architecture. DIR becomes an OCI layout with an
// index of all. The times in it are SOURCE_DATE_EPOCH, so the same files give the same bytes.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	const least = 3
	if len(args) < least {
		return fmt.Errorf("usage: image VERSION DIR ARCH=TREE...")
	}
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH: want the seconds since 1970 of the last commit: %w", err)
	}
	m := maker{version: args[0], at: time.Unix(seconds, 0).UTC()}
	index, err := m.index(args[2:])
	if err != nil {
		return err
	}
	all := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{
		Add: index, Descriptor: v1.Descriptor{Annotations: map[string]string{"org.opencontainers.image.ref.name": m.version}},
	})
	_, err = layout.Write(args[1], all)
	return err
}

// maker makes images of one version.
type maker struct {
	version string
	at      time.Time
}

// index lists an image for each architecture.
func (m maker) index(trees []string) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, one := range trees {
		arch, tree, ok := strings.Cut(one, "=")
		if !ok {
			return nil, fmt.Errorf("%s: want ARCH=TREE", one)
		}
		image, err := m.image(arch, tree)
		if err != nil {
			return nil, err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
		})
	}
	return mutate.Annotations(index, m.labels()).(v1.ImageIndex), nil
}

func (m maker) image(arch, tree string) (v1.Image, error) {
	layer, err := m.layer(tree)
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.Append(base, mutate.Addendum{
		Layer: layer, MediaType: types.OCILayer,
		History: v1.History{Created: v1.Time{Time: m.at}, CreatedBy: "tools/image", Comment: "rsttrace " + m.version},
	})
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", arch, v1.Time{Time: m.at}
	// No user: what is not root has no capabilities in most runtimes. rsttrace drops them itself.
	config.Config = v1.Config{Entrypoint: []string{"/usr/bin/rsttrace"}, Labels: m.labels()}
	if image, err = mutate.ConfigFile(image, config); err != nil {
		return nil, err
	}
	return mutate.Annotations(image, m.labels()).(v1.Image), nil
}

func (m maker) labels() map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":       "rsttrace",
		"org.opencontainers.image.description": "Explains every TCP reset of this host",
		"org.opencontainers.image.version":     m.version,
		"org.opencontainers.image.created":     m.at.Format(time.RFC3339),
		"org.opencontainers.image.source":      "https://github.com/rsttrace/rsttrace",
		"org.opencontainers.image.licenses":    "Apache-2.0 AND BSD-2-Clause",
	}
}
