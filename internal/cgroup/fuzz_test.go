package cgroup

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rsttrace/rsttrace/internal/grpcclient"
)

// FuzzCRI: whatever a runtime answers, nothing breaks, and a pod gets no name that Kubernetes
// cannot give.
func FuzzCRI(f *testing.F) {
	shop := newShop()
	f.Add([]byte(nil))
	f.Add(shop.container.encode())
	f.Add(grpcclient.Frame(nil))
	f.Add(grpcclient.Frame(shop.pod.encode()))
	f.Fuzz(func(t *testing.T, body []byte) {
		answer, err := grpcclient.Unframe(body)
		if err != nil {
			answer = body // so that what is inside is reached at once
		}
		container, err := findContainer(answer, id1)
		if err == nil && container.id != "" && container.id != id1 || len(container.labels) > labelsMax {
			t.Errorf("found %+v", container)
		}
		sandbox, err := findSandbox(answer, func(*criSandbox) bool { return true })
		if err != nil {
			return
		}
		got, err := podNames(sandbox)
		if err != nil || got == (containerNames{}) {
			return
		}
		for _, name := range []string{got.pod, got.workload} {
			if strings.Count(name, "/") > 1 || len(name) > 2*nameBytes+1 || !utf8.ValidString(name) {
				t.Errorf("a pod is called %q", name)
			}
		}
		if !strings.HasPrefix(got.pod, got.workload) {
			t.Errorf("the workload of %q is %q", got.pod, got.workload)
		}
	})
}
