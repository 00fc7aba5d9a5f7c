package cgroup

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestLiving(t *testing.T) {
	h := newHost(t, bothV1AndV2)
	h.mkdir("sys/fs/cgroup/unified/system.slice/nginx.service/worker")
	h.mkdir("sys/fs/cgroup/memory/docker/" + id1)
	h.mkdir("sys/fs/cgroup/unified/docker/" + id1)
	answers := 0
	serve(t, h.path("run/docker.sock"), func(w http.ResponseWriter, _ *http.Request) {
		answers++
		fmt.Fprintf(w, `{"Id":%q,"Name":"/web-1"}`, id1)
	})
	owners, named, err := Living(t.Context(), h.root)
	must(t, err)
	want := []event.Owner{
		{Cgroup: "/docker"},
		{Cgroup: "/docker/" + id1, Container: "docker/web-1"},
		{Cgroup: "/system.slice", Unit: "system.slice"},
		{Cgroup: "/system.slice/nginx.service", Unit: "nginx.service"},
		{Cgroup: "/system.slice/nginx.service/worker", Unit: "nginx.service"},
	}
	if diff := cmp.Diff(want, owners); diff != "" || !named || answers != 1 {
		t.Errorf("named %t, %d answers (-want +got):\n%s", named, answers, diff)
	}
}

// TestLivingWithoutAnswer: an engine that hangs is left alone when the time is up.
func TestLivingWithoutAnswer(t *testing.T) {
	h := newHost(t, onlyV2)
	for i := range 3 {
		h.mkdir(fmt.Sprintf("sys/fs/cgroup/docker/%064x", i))
	}
	serve(t, h.path("run/docker.sock"), func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	owners, named, err := Living(ctx, h.root)
	must(t, err)
	if named || len(owners) != 4 || owners[3].Container != fmt.Sprintf("docker/%064x", 2) {
		t.Errorf("named %t: %+v", named, owners)
	}
	if _, _, err := Living(t.Context(), t.TempDir()); err == nil {
		t.Error("no /proc, and no error")
	}
}
