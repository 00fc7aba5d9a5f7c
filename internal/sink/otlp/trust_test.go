package otlp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink"
	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
)

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

// TestNewCAFile: a sink that goes on trusts what the file has now. While it has nothing, it
// trusts what it had before, and says why if that is not enough.
func TestNewCAFile(t *testing.T) {
	c := &collector{t: t}
	server := httptest.NewTLSServer(c)
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	write := func(content []byte) { must(t, os.WriteFile(file, content, 0o600)) }
	write(selfSigned(t))
	s := open(t, Options{Endpoint: server.URL, CAFile: file})
	must(t, s.Event(numbered(1)))
	refused := func(words string) {
		t.Helper()
		var later *sink.RetryError
		if err := s.Flush(fixture.Start); !errors.As(err, &later) || !strings.Contains(err.Error(), words) {
			t.Errorf("the error is %v, want %q in it", err, words)
		}
	}
	refused("certificate")
	must(t, os.Remove(file))
	refused("; ca-file: open " + file + ": no such file")
	write([]byte("half a fi"))
	refused("there is no certificate in it")

	write(inPEM(server.Certificate().Raw))
	must(t, s.Flush(fixture.Start))
	must(t, os.Remove(file))
	s.client.CloseIdleConnections() // the next one is a new connection
	must(t, s.Event(numbered(2)))
	must(t, s.Flush(fixture.Start))
	if got := c.ids(); len(got) != 2 {
		t.Errorf("%v came, want both", got)
	}
}
