package cgroup

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/rsttrace/rsttrace/internal/grpcclient"
)

// serveCRI answers on a Unix socket as a runtime of Kubernetes.
func serveCRI(t *testing.T, socket string, handle http.HandlerFunc) {
	t.Helper()
	serveWith(t, socket, func(s *http.Server) {
		s.Handler = handle
		s.Protocols = new(http.Protocols)
		s.Protocols.SetUnencryptedHTTP2(true)
	})
}

// reply writes a message and the end of a gRPC answer.
func reply(w http.ResponseWriter, message []byte) {
	w.Header().Set("Trailer", "Grpc-Status")
	_, _ = w.Write(grpcclient.Frame(message))
	w.Header().Set("Grpc-Status", "0")
}

// encode is the message that a runtime sends.
func (c *criContainer) encode() []byte {
	item := append(text(containerID, c.id), text(containerSandbox, c.sandbox)...)
	item = append(item, inner(containerMetadata, text(metadataName, c.name))...)
	item = protowire.AppendVarint(protowire.AppendTag(item, 7, protowire.VarintType), 1_790_000_000) // created_at
	for key, value := range c.labels {
		item = append(item, inner(containerLabels, append(text(mapKey, key), text(mapValue, value)...))...)
	}
	return inner(responseItems, item)
}

func (s *criSandbox) encode() []byte {
	metadata := append(text(metadataName, s.name), text(metadataUID, s.uid)...)
	metadata = append(metadata, text(metadataNamespace, s.namespace)...)
	item := append(text(sandboxID, s.id), inner(sandboxMetadata, metadata)...)
	for key, value := range s.labels {
		item = append(item, inner(sandboxLabels, append(text(mapKey, key), text(mapValue, value)...))...)
	}
	return inner(responseItems, item)
}

// questionOf reads what was asked: an id, or the value of a label.
func questionOf(t *testing.T, r *http.Request) (id, label string) {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", "" // who asked has gone
	}
	question, err := grpcclient.Unframe(body)
	must(t, err)
	must(t, fields(question, func(field protowire.Number, filter []byte) error {
		if field != requestFilter {
			t.Errorf("field %d of a request", field)
		}
		return fields(filter, func(field protowire.Number, value []byte) error {
			switch field {
			case filterID:
				id = string(value)
			case filterLabels:
				var labels map[string]string
				must(t, addLabel(&labels, value))
				label = labels[labelPodUID]
			}
			return nil
		})
	}))
	return id, label
}

const sandboxOf1 = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"

// shop is a runtime with one container and its sandbox.
type shop struct {
	container criContainer
	pod       criSandbox
	asked     atomic.Int32
}

func newShop() *shop {
	labels := map[string]string{labelNamespace: "shop", labelPod: "cart-6d9f4c8b7d-x2k5p", labelPodUID: uid, labelContainer: "app"}
	return &shop{
		container: criContainer{id: id1, sandbox: sandboxOf1, name: "app", labels: labels},
		pod: criSandbox{id: sandboxOf1, name: "cart-6d9f4c8b7d-x2k5p", namespace: "shop", uid: uid, labels: map[string]string{
			"app": "cart", labelTemplate: "6d9f4c8b7d", labelPodUID: uid,
		}},
	}
}

func (s *shop) handle(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if got := r.Header.Get("Content-Type") + " " + r.Header.Get("Te") + " " + r.Proto; got != "application/grpc trailers HTTP/2.0" {
			t.Errorf("a question is %s", got)
		}
		id, label := questionOf(t, r)
		switch {
		case r.URL.Path == methodVersion:
			reply(w, text(2, "containerd"))
		case r.URL.Path == methodListContainers && id == s.container.id:
			reply(w, s.container.encode())
		case r.URL.Path == methodListPodSandbox && (id == s.pod.id || label == s.pod.uid):
			reply(w, s.pod.encode())
		default:
			reply(w, nil)
		}
	}
}
