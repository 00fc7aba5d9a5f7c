package recording

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Label names the kernel as people do, and as test/vm/kernels does: "6.12",
// "6.12-rt", "arm64-6.12".
func (r *Recording) Label() string {
	major, minor := r.version()
	label := fmt.Sprintf("%d.%d", major, minor)
	if r.Realtime {
		label += "-rt"
	}
	if r.Arch != "amd64" {
		return r.Arch + "-" + label
	}
	return label
}

// version is 0.0 where the release does not begin with one.
func (r *Recording) version() (major, minor int) {
	if _, err := fmt.Sscanf(r.Kernel, "%d.%d", &major, &minor); err != nil {
		return 0, 0
	}
	return major, minor
}

// FileName is the name under which it is kept: "6.12-fentry.json".
func (r *Recording) FileName() string { return r.Label() + "-" + string(r.Method) + ".json" }

// Encode writes it as JSON in the layout of the kept files.
func (r *Recording) Encode() ([]byte, error) {
	var compact bytes.Buffer
	encoder := json.NewEncoder(&compact)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		return nil, err
	}
	return layOut(compact.Bytes())
}

// Decode reads one file. What it does not know is an error: nothing that was
// recorded may be passed over.
func Decode(data []byte) (*Recording, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	r := new(Recording)
	return r, decoder.Decode(r)
}

// ReadDir reads all recordings of a folder, by architecture, kernel and method.
func ReadDir(dir string) ([]*Recording, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var all []*Recording
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		r, err := Decode(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if filepath.Base(name) != r.FileName() {
			return nil, fmt.Errorf("%s: its content belongs into %s", name, r.FileName())
		}
		all = append(all, r)
	}
	slices.SortFunc(all, compare)
	return all, nil
}

func compare(a, b *Recording) int {
	aMajor, aMinor := a.version()
	bMajor, bMinor := b.version()
	return cmp.Or(strings.Compare(a.Arch, b.Arch), cmp.Compare(aMajor, bMajor), cmp.Compare(aMinor, bMinor),
		strings.Compare(a.Label(), b.Label()), cmp.Compare(a.Method, b.Method))
}
