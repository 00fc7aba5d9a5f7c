package stories

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// certificate writes one that signs itself, and its key.
func (s *story) certificate() (certificate, key string) {
	s.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.must(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour)}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	s.must(err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	s.must(err)
	write := func(name, kind string, content []byte) string {
		return s.file(name, string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content})))
	}
	return write("certificate", "CERTIFICATE", signed), write("key", "PRIVATE KEY", secret)
}

// TestTLSFarewell: a TLS client says goodbye to a server that has closed already.
func TestTLSFarewell(t *testing.T) {
	const port = 443
	s := newStory(t, "nginx", "socat")
	client, server := s.host("client"), s.host("server")
	address := s.wire(client, server)
	certificate, key := s.certificate()
	_, worker := server.nginx(port, fmt.Sprintf("server { listen 443 ssl; ssl_certificate %s; ssl_certificate_key %s; ssl_protocols TLSv1.3; return 200 answer; }", certificate, key))

	s.watch()
	socat := client.start("socat", "-t", "60", "-", fmt.Sprintf("OPENSSL:%s:%d,verify=0", address, port))
	socat.write("GET / HTTP/1.0\r\n\r\n")
	socat.says("HTTP/1.1 200 OK")
	client.awaitState(port, event.StateCloseWait)
	s.must(socat.stdin.Close()) // socat ends the TLS connection
	const closeNotify = 24      // in TLS 1.3
	s.expect("tls-farewell",
		reset{
			On: "server", Dir: event.Sent, Cause: cause.DataAfterClose, Port: port, State: event.StateFinWait2,
			Owner: owner("nginx", worker), OtherEnd: "client",
		},
		reset{
			On: "client", Dir: event.Received, Cause: cause.WroteAfterPeerClose, Port: port, State: event.StateCloseWait,
			Owner: owner("socat", socat.pid()), App: brokenPipe, Lost: event.Lost{UnackedBytes: closeNotify}, OtherEnd: "server",
		})
}
