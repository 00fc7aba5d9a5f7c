package compressed

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const text = "one line\nanother line\n"

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

func zstandard(text string) string {
	var b bytes.Buffer
	w, _ := zstd.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

// TestOpen: what was compressed is read as what it holds.
func TestOpen(t *testing.T) {
	for name, input := range map[string]string{"plain": text, "gzip": gzipped(text), "zstd": zstandard(text)} {
		r, err := Open(strings.NewReader(input))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != text {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if r, err := Open(strings.NewReader("")); err != nil {
		t.Errorf("nothing: %v", err)
	} else if got, err := io.ReadAll(r); err != nil || len(got) > 0 {
		t.Errorf("nothing: %q, %v", got, err)
	}
}

// TestCutOff: what came before the end of a torn file is read, and the error comes
// behind it.
func TestCutOff(t *testing.T) {
	for name, whole := range map[string]string{"gzip": gzipped(text), "zstd": zstandard(text)} {
		r, err := Open(strings.NewReader(whole[:len(whole)-3]))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := io.ReadAll(r); err == nil || !strings.HasPrefix(text, string(got)) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte(text))
	f.Add([]byte(gzipped(text)))
	f.Add([]byte(zstandard(text)))
	f.Fuzz(func(_ *testing.T, input []byte) {
		if r, err := Open(bytes.NewReader(input)); err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(r, 1<<20))
		}
	})
}
