package peers

import (
	"context"
	"net"
	"net/http"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/rsttrace/rsttrace/internal/grpcclient"
)

// proto is a message of protobuf that grows.
type proto []byte

func (m proto) text(field protowire.Number, value string) proto {
	return protowire.AppendString(protowire.AppendTag(m, field, protowire.BytesType), value)
}

func (m proto) inner(field protowire.Number, value proto) proto {
	return protowire.AppendBytes(protowire.AppendTag(m, field, protowire.BytesType), value)
}

func (m proto) number(field protowire.Number, value uint64) proto {
	return protowire.AppendVarint(protowire.AppendTag(m, field, protowire.VarintType), value)
}

// labels adds a map.
func (m proto) labels(field protowire.Number, labels map[string]string) proto {
	for key, value := range labels {
		m = m.inner(field, proto(nil).text(1, key).text(2, value))
	}
	return m
}

// kubelet is what the kubelet asks of a runtime. The numbers of fields are those of
// api.proto of k8s.io/cri-api.
type kubelet struct {
	t      *testing.T
	client *grpcclient.Client
}

func newKubelet(t *testing.T, socket string) *kubelet {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "unix", socket)
	}
	k := &kubelet{t, grpcclient.New(&http.Transport{DialContext: dial}, 1<<20)}
	t.Cleanup(k.client.Close)
	return k
}

func (k *kubelet) ask(method string, question proto) (proto, error) {
	return k.client.Call(k.t.Context(), "/runtime.v1.RuntimeService/"+method, question)
}

// create asks for something new, and returns its id.
func (k *kubelet) create(method string, question proto) string {
	k.t.Helper()
	answer, err := k.ask(method, question)
	must(k.t, err)
	field, kind, head := protowire.ConsumeTag(answer)
	if field != 1 || kind != protowire.BytesType {
		k.t.Fatalf("%s: answer %q", method, answer)
	}
	id, size := protowire.ConsumeString(answer[head:])
	must(k.t, protowire.ParseError(min(size, 0)))
	return id
}

// pod is one with a container.
type pod struct {
	namespace, name, uid string
	container            string
	labels               map[string]string
	cgroup               string   // of all pods
	args                 []string // of the program in the image
}

// run starts a pod in the network of the runtime, and returns the ids of its sandbox and its
// container.
func (k *kubelet) run(p pod) (sandboxID, containerID string) {
	k.t.Helper()
	const ofNode = 2 // NamespaceMode
	labels := map[string]string{"io.kubernetes.pod.namespace": p.namespace, "io.kubernetes.pod.name": p.name, "io.kubernetes.pod.uid": p.uid}
	ofContainer := map[string]string{"io.kubernetes.container.name": p.container}
	for key, value := range labels {
		ofContainer[key] = value
	}
	for key, value := range p.labels {
		labels[key] = value
	}
	namespaces := proto(nil).number(1, ofNode)
	sandbox := proto(nil).
		inner(1, proto(nil).text(1, p.name).text(2, p.uid).text(3, p.namespace)).
		labels(6, labels).
		inner(8, proto(nil).text(1, p.cgroup+"/pod"+p.uid).inner(2, proto(nil).inner(1, namespaces)))
	sandboxID = k.create("RunPodSandbox", proto(nil).inner(1, sandbox))

	config := proto(nil).inner(1, proto(nil).text(1, p.container)).inner(2, proto(nil).text(1, podImage))
	for _, arg := range p.args {
		config = config.text(4, arg)
	}
	config = config.labels(9, ofContainer).inner(15, proto(nil).inner(2, proto(nil).inner(3, namespaces)))
	containerID = k.create("CreateContainer", proto(nil).text(1, sandboxID).inner(2, config).inner(3, sandbox))
	_, err := k.ask("StartContainer", proto(nil).text(1, containerID))
	must(k.t, err)
	return sandboxID, containerID
}
