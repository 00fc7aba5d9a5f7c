package cgroup

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/rsttrace/rsttrace/internal/grpcclient"
)

// Labels that the kubelet gives to each container and sandbox. Those of the pod are
// beside them.
const (
	labelNamespace = "io.kubernetes.pod.namespace"
	labelPod       = "io.kubernetes.pod.name"
	labelPodUID    = "io.kubernetes.pod.uid"
	labelContainer = "io.kubernetes.container.name"
)

// Methods of the Container Runtime Interface. containerd has this version of it from 1.6 on,
// and kubelets need it from 1.26 on.
const (
	methodListContainers = "/runtime.v1.RuntimeService/ListContainers"
	methodListPodSandbox = "/runtime.v1.RuntimeService/ListPodSandbox"
	methodVersion        = "/runtime.v1.RuntimeService/Version"
)

// criSockets are where runtimes of Kubernetes listen.
var criSockets = []struct{ runtime, socket string }{
	{"containerd", "run/containerd/containerd.sock"},
	{"containerd", "run/k3s/containerd/containerd.sock"}, // also RKE2
	{"containerd", "run/k0s/containerd.sock"},
	{"containerd", "var/snap/microk8s/common/run/containerd.sock"},
	{"crio", "run/crio/crio.sock"},
	{"docker", "run/cri-dockerd.sock"},
}

// cri asks a runtime as the kubelet does. So pods have names where the kubelet's files
// are missing, and their labels say which workload they belong to.
type cri struct {
	runtime string
	client  *grpcclient.Client
}

func newCRI(runtime, socket string) *cri {
	return &cri{runtime: runtime, client: grpcclient.New(newTransport(socket), answerMax)}
}

// knows: a container that no pod is known of may have a runtime's own parent for its
// cgroup.
func (c *cri) knows(location Location) bool {
	switch location.Container.Runtime {
	case c.runtime, "cri", "":
	default:
		return false
	}
	if location.PodUID == "" {
		return location.Container.ID != "" && c.runtime != "docker" && !location.named()
	}
	return !location.named() || location.Workload == ""
}

func (c *cri) inspect(ctx context.Context, location Location) (containerNames, error) {
	got, err := c.names(ctx, location)
	if errors.Is(err, grpcclient.ErrUnimplemented) {
		return containerNames{}, nil // the containerd of Docker has no CRI
	}
	return got, err
}

func (c *cri) names(ctx context.Context, location Location) (containerNames, error) {
	if location.Container.ID == "" {
		sandbox, err := c.sandbox(ctx, listByLabel(labelPodUID, location.PodUID), func(s *criSandbox) bool { return s.uid == location.PodUID })
		if err != nil {
			return containerNames{}, err
		}
		return podNames(sandbox)
	}
	container, err := c.container(ctx, location.Container.ID)
	if err != nil {
		return containerNames{}, err
	}
	id := container.sandbox
	if container.id == "" {
		id = location.Container.ID // it may be the sandbox itself
	}
	sandbox, err := c.sandbox(ctx, listByID(id), func(s *criSandbox) bool { return s.id == id })
	if err != nil {
		return containerNames{}, err
	}
	if sandbox.id == "" { // it is gone already
		sandbox = criSandbox{name: container.labels[labelPod], namespace: container.labels[labelNamespace], uid: container.labels[labelPodUID]}
	}
	if location.PodUID != "" && sandbox.uid != "" && sandbox.uid != location.PodUID {
		return containerNames{}, fmt.Errorf("answer of %s is about another pod", c.runtime)
	}
	got, err := podNames(sandbox)
	if err != nil || container.id == "" {
		return got, err
	}
	got.container = cmp.Or(container.labels[labelContainer], container.name)
	if !isName(got.container) {
		return containerNames{}, fmt.Errorf("answer of %s names a container as nobody can", c.runtime)
	}
	if location.Container.Runtime != c.runtime {
		got.runtime = c.runtime
	}
	return got, nil
}

// container is that of an id, or none.
func (c *cri) container(ctx context.Context, id string) (criContainer, error) {
	answer, err := c.call(ctx, methodListContainers, listByID(id))
	if err != nil {
		return criContainer{}, err
	}
	container, err := findContainer(answer, id)
	if err != nil {
		return criContainer{}, fmt.Errorf("answer of %s: %w", c.runtime, err)
	}
	return container, nil
}

// sandbox is that one of the answer to a question that is right, or none.
func (c *cri) sandbox(ctx context.Context, question []byte, right func(*criSandbox) bool) (criSandbox, error) {
	answer, err := c.call(ctx, methodListPodSandbox, question)
	if err != nil {
		return criSandbox{}, err
	}
	sandbox, err := findSandbox(answer, right)
	if err != nil {
		return criSandbox{}, fmt.Errorf("answer of %s: %w", c.runtime, err)
	}
	return sandbox, nil
}

// podNames are the names of a pod, none for the zero sandbox.
func podNames(sandbox criSandbox) (containerNames, error) {
	if sandbox.name == "" && sandbox.namespace == "" {
		return containerNames{}, nil
	}
	if !isName(sandbox.name) || !isName(sandbox.namespace) {
		return containerNames{}, errors.New("a pod is named as nobody can")
	}
	got := containerNames{pod: sandbox.namespace + "/" + sandbox.name}
	if workload := workloadOf(sandbox.name, sandbox.labels); workload != "" {
		got.workload = sandbox.namespace + "/" + workload
	}
	return got, nil
}

// ping asks for the version.
func (c *cri) ping(ctx context.Context) error {
	_, err := c.call(ctx, methodVersion, nil)
	return err
}

func (c *cri) call(ctx context.Context, method string, question []byte) ([]byte, error) {
	answer, err := c.client.Call(ctx, method, question)
	if err != nil {
		return nil, unanswered(ctx, c.runtime, err)
	}
	return answer, nil
}

func (c *cri) close() { c.client.Close() }
