package posted

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func inPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// selfSigned is a certificate of nobody's.
func selfSigned(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	return inPEM(der)
}

// lines opens a sink for lines that goes to a server.
func lines(t *testing.T, to string, o Options) *Batches {
	t.Helper()
	address, err := url.Parse(to)
	must(t, err)
	o.URL, o.ContentType, o.Later = address, "text/plain", func(r *http.Response) bool { return r.StatusCode == http.StatusServiceUnavailable }
	b, err := New(o)
	must(t, err)
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func add(t *testing.T, b *Batches, line string) {
	t.Helper()
	must(t, b.Add(func(items []byte) []byte { return append(items, line+"\n"...) }))
}

// TestNewCAFile: a sink that goes on trusts what the file has now. While it has nothing, it
// trusts what it had before, and says why if that is not enough.
func TestNewCAFile(t *testing.T) {
	came := 0
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came++ }))
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	write := func(content []byte) { must(t, os.WriteFile(file, content, 0o600)) }
	write(selfSigned(t))
	b := lines(t, server.URL, Options{CAFile: file})
	add(t, b, "1")
	refused := func(words string) {
		t.Helper()
		var later *sink.RetryError
		if err := b.Flush(); !errors.As(err, &later) || !strings.Contains(err.Error(), words) {
			t.Errorf("the error is %v, want %q in it", err, words)
		}
	}
	refused("certificate")
	must(t, os.Remove(file))
	refused("; ca-file: open " + file + ": no such file")
	write([]byte("half a fi"))
	refused("there is no certificate in it")

	write(inPEM(server.Certificate().Raw))
	must(t, b.Flush())
	must(t, os.Remove(file))
	b.client.CloseIdleConnections() // the next one is a new connection
	add(t, b, "2")
	must(t, b.Flush())
	if came != 2 {
		t.Errorf("%d requests came, want 2", came)
	}
}
