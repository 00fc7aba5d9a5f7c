package packages

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// file is a file or folder of a package.
type file struct {
	name    string // without the place where it is unpacked
	mode    int64
	owner   string
	content []byte
	folder  bool
}

func (f file) String() string {
	mark := ""
	if f.folder {
		mark = "/"
	}
	return fmt.Sprintf("%04o %s %s%s\n", f.mode&0o7777, f.owner, f.name, mark)
}

// unpack reads a package. That of an rpm has another form: see rpmFiles.
func unpack(t *testing.T, kind, path string) []file {
	t.Helper()
	switch kind {
	case "deb":
		return untar(t, strings.NewReader(output(t, "dpkg-deb", "--fsys-tarfile", path)))
	case "rpm":
		return rpmFiles(t, path)
	case "apk", "tarball":
		unzipped, err := gzip.NewReader(bytes.NewReader(read(t, path)))
		if err != nil {
			t.Fatal(err)
		}
		return untar(t, unzipped)
	}
	t.Fatalf("no package is called %s", kind)
	return nil
}

func untar(t *testing.T, from io.Reader) (files []file) {
	t.Helper()
	archive := tar.NewReader(from)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag != tar.TypeReg && header.Typeflag != tar.TypeDir {
			t.Errorf("%s is neither a file nor a folder", header.Name)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file{
			name: strings.Trim(strings.TrimPrefix(header.Name, "./"), "/"), mode: header.Mode, content: content,
			owner: fmt.Sprintf("%d:%d", header.Uid, header.Gid), folder: header.Typeflag == tar.TypeDir,
		})
	}
}

// rpmFiles are the files as rpm lists them. The owner has the kind of file, too: c for
// configuration that an upgrade does not replace, d for documentation, l for a licence.
func rpmFiles(t *testing.T, path string) (files []file) {
	t.Helper()
	const format = `[%{FILENAMES}\t%{FILEMODES:octal}\t%{FILEUSERNAME}:%{FILEGROUPNAME} %{FILEFLAGS:fflags}\n]`
	for line := range strings.Lines(output(t, "rpm", "-qp", "--qf", format, path)) {
		columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		var mode int64
		if _, err := fmt.Sscanf(columns[1], "%o", &mode); err != nil {
			t.Fatal(err)
		}
		files = append(files, file{name: strings.TrimPrefix(columns[0], "/"), mode: mode, owner: strings.TrimSpace(columns[2]), folder: mode&0o170000 == 0o40000})
	}
	unpacked := t.TempDir()
	output(t, "sh", "-c", `rpm2cpio "$0" | cpio --quiet -idm --no-absolute-filenames -D "$1"`, path, unpacked)
	for i := range files {
		if !files[i].folder {
			files[i].content = read(t, filepath.Join(unpacked, files[i].name))
		}
	}
	return files
}

// named is a file of a package.
func named(t *testing.T, files []file, name string) file {
	t.Helper()
	for _, f := range files {
		if f.name == name {
			return f
		}
	}
	t.Fatalf("there is no %s", name)
	return file{}
}
