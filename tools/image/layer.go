package main

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// layer has the files below a folder. They belong to root, and only their being executable
// is taken from the folder: whatever the umask was, the layer is the same.
func (m maker) layer(tree string) (v1.Layer, error) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	// WalkDir walks in the order of names.
	err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == tree {
			return err
		}
		name, err := filepath.Rel(tree, path)
		if err != nil {
			return err
		}
		return m.add(w, path, filepath.ToSlash(name), d)
	})
	if err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil })
}

func (m maker) add(w *tar.Writer, path, name string, d fs.DirEntry) error {
	const forAll, runnable = 0o644, 0o755
	header := &tar.Header{Name: name, Mode: forAll, ModTime: m.at, Format: tar.FormatPAX, Typeflag: tar.TypeReg}
	if d.IsDir() {
		header.Typeflag, header.Name, header.Mode = tar.TypeDir, name+"/", runnable
		return w.WriteHeader(header)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	if info.Mode()&0o100 != 0 {
		header.Mode = runnable
	}
	header.Size = int64(len(content))
	if err := w.WriteHeader(header); err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}
