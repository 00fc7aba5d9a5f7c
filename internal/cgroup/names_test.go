package cgroup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// serve answers on a Unix socket as a container engine.
func serve(t *testing.T, socket string, handle http.HandlerFunc) {
	t.Helper()
	serveWith(t, socket, func(s *http.Server) { s.Handler = handle })
}

func serveWith(t *testing.T, socket string, configure func(*http.Server)) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(socket), 0o755))
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "unix", socket)
	must(t, err)
	server := &http.Server{ReadHeaderTimeout: time.Minute}
	configure(server)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		must(t, server.Close())
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

// eventually runs f until it holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func TestNameFromEngine(t *testing.T) {
	h := newHost(t, onlyV2)
	docker := h.mkdir("sys/fs/cgroup/docker/" + id1)
	podman := h.mkdir("sys/fs/cgroup/batch/" + id2) // runtime not in the path
	var asked atomic.Int32
	release := make(chan struct{})
	serve(t, h.path("run/docker.sock"), func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		<-release
		if r.URL.Path != "/containers/"+id1+"/json" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, `{"Id":%q,"Name":"/web-1","State":{"Pid":1}}`, id1)
	})
	serve(t, h.path("run/podman/podman.sock"), func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"Id":%q,"Name":"batch"}`, id2)
	})
	r, _ := h.open(Options{})
	of := func(cgroup uint64) string {
		e := resetOf(cgroup, 10)
		r.Complete(e)
		return e.Owner.Container
	}
	// The engine answers only when it is released: events do not wait for it.
	for range 10 {
		if got := of(docker); got != "docker/"+id1 {
			t.Errorf("before the answer: %q", got)
		}
	}
	if got := of(podman); got != id2 {
		t.Errorf("before the answer: %q", got)
	}
	close(release)
	eventually(t, "docker's name", func() bool { return of(docker) == "docker/web-1" })
	eventually(t, "podman's name", func() bool { return of(podman) == "podman/batch" })
	if n := asked.Load(); n != 2 {
		t.Errorf("docker was asked %d times, want once for each container", n)
	}
	if n := r.NameFailures(); n != 0 {
		t.Errorf("%d failures", n)
	}
}

func TestNameFailures(t *testing.T) {
	h := newHost(t, onlyV2)
	var ids []uint64
	for i := range 4 {
		ids = append(ids, h.mkdir(fmt.Sprintf("sys/fs/cgroup/docker/%064x", i)))
	}
	serve(t, h.path("run/docker.sock"), func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path[len("/containers/")+63] {
		case '0':
			http.Error(w, "no", http.StatusInternalServerError)
		case '1':
			fmt.Fprint(w, "{")
		case '2':
			fmt.Fprintf(w, `{"Id":%q,"Name":"/other"}`, id1)
		default:
			panic(http.ErrAbortHandler)
		}
	})
	r, clock := h.open(Options{})
	for _, id := range ids {
		r.Complete(resetOf(id, 0))
	}
	eventually(t, "4 failures", func() bool { return r.NameFailures() == 4 })
	for i, id := range ids {
		e := resetOf(id, 0)
		r.Complete(e)
		if want := fmt.Sprintf("docker/%064x", i); e.Owner.Container != want {
			t.Errorf("got %q, want %q", e.Owner.Container, want)
		}
	}
	*clock = clock.Add(nameFor)
	r.Complete(resetOf(ids[0], 0))
	eventually(t, "asked again", func() bool { return r.NameFailures() == 5 })
}

// scripted answers whatever it is told to.
type scripted func(ctx context.Context, location Location) (containerNames, error)

func (s scripted) name(ctx context.Context, location Location) (containerNames, error) {
	return s(ctx, location)
}
func (s scripted) knows(Location) bool { return true }
func (s scripted) down() bool          { return false }

func TestQuestionsAreBounded(t *testing.T) {
	hangs := make(chan struct{})
	n := newNames(scripted(func(ctx context.Context, _ Location) (containerNames, error) {
		select {
		case hangs <- struct{}{}:
		case <-ctx.Done():
			return containerNames{}, ctx.Err()
		}
		<-ctx.Done()
		return containerNames{}, ctx.Err()
	}))
	location := func(i int) *Location { return &Location{Container: Container{ID: fmt.Sprintf("%064x", i)}} }
	for i := range namesWorkers {
		n.fill(location(i), time.Now())
		<-hangs
	}
	// The workers are busy from now on.
	for i := range 2 * namesWaiting {
		n.fill(location(namesWorkers+i), time.Now())
	}
	if got := len(n.waiting); got != namesWaiting {
		t.Errorf("%d questions wait, want %d", got, namesWaiting)
	}
	if got, _ := n.known.Peek(location(namesWorkers + 2*namesWaiting - 1).key()); !got.asked.IsZero() {
		t.Errorf("a question that found no room counts as asked")
	}
	n.close() // ends the question that hangs
}

func TestOldNameStays(t *testing.T) {
	answers := make(chan containerNames)
	n := newNames(scripted(func(ctx context.Context, _ Location) (containerNames, error) {
		select {
		case a := <-answers:
			return a, nil
		case <-ctx.Done():
			return containerNames{}, ctx.Err()
		}
	}))
	defer n.close()
	now := time.Now()
	name := func() string {
		p := Location{Container: Container{Runtime: "docker", ID: id1}}
		n.fill(&p, now)
		return p.Container.Name
	}
	name()
	answers <- containerNames{container: "old"}
	eventually(t, "the first name", func() bool { return name() == "old" })
	now = now.Add(2 * nameFor)
	if got := name(); got != "old" {
		t.Errorf("while it is asked for again: %q", got)
	}
	answers <- containerNames{container: "new"}
	eventually(t, "the second name", func() bool { return name() == "new" })
}

func TestNameFromKubelet(t *testing.T) {
	h := newHost(t, onlyV2)
	pods := "sys/fs/cgroup/kubepods.slice/kubepods-pod" + uidEscaped + ".slice"
	container := h.mkdir(pods + "/cri-containerd-" + id1 + ".scope")
	pod := h.mkdir(pods)
	h.mkdir("var/log/pods/shop_cart-6d9f_" + uid + "/app")
	h.mkdir("var/log/pods/shop_other-1_" + staticUID)
	h.mkdir("var/log/pods/nonsense")
	h.write("var/log/containers/cart-6d9f_shop_app-"+id1+".log", "")
	h.write("var/log/containers/cart-6d9f_shop_side-"+id2+".log", "")
	r, _ := h.open(Options{})
	eventually(t, "both names", func() bool {
		e := resetOf(container, 0)
		r.Complete(e)
		return e.Owner.Container == "containerd/app" && e.Owner.Pod == "shop/cart-6d9f"
	})
	eventually(t, "the pod of no container", func() bool {
		e := resetOf(pod, 0)
		r.Complete(e)
		return e.Owner.Container == "" && e.Owner.Pod == "shop/cart-6d9f"
	})
	if n := r.NameFailures(); n != 0 {
		t.Errorf("%d failures", n)
	}
}

// TestPendingName: an answer is pending until it comes, or until it is known that
// none will; who fails to answer is asked again soon.
func TestPendingName(t *testing.T) {
	h := newHost(t, onlyV2)
	docker := h.mkdir("sys/fs/cgroup/docker/" + id1)
	other := h.mkdir("sys/fs/cgroup/docker/" + id2)
	service := h.mkdir("sys/fs/cgroup/system.slice/web.service")
	var asked atomic.Int32
	release := make(chan struct{})
	serve(t, h.path("run/docker.sock"), func(w http.ResponseWriter, r *http.Request) {
		<-release
		if r.URL.Path != "/containers/"+id1+"/json" && asked.Add(1) == 1 {
			http.Error(w, "no", http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, `{"Id":%q,"Name":"/web-1"}`, r.URL.Path[len("/containers/"):][:64])
	})
	r, clock := h.open(Options{ByName: true})
	of := func(cgroup uint64) (string, bool) {
		owner, pending := r.Pending(resetOf(cgroup, 0))
		return owner.Container, pending
	}
	settled := func(cgroup uint64) func() bool {
		return func() bool { _, pending := of(cgroup); return !pending }
	}
	if name, pending := of(docker); name != "docker/"+id1 || !pending {
		t.Errorf("before the answer: %q, pending %t", name, pending)
	}
	if owner, pending := r.Pending(resetOf(service, 0)); owner.Unit != "web.service" || pending {
		t.Errorf("what has no name: %+v, pending %t", owner, pending)
	}
	of(other)
	close(release)
	eventually(t, "an answer", settled(docker))
	if name, _ := of(docker); name != "docker/web-1" {
		t.Errorf("after the answer: %q", name)
	}
	eventually(t, "a failure", settled(other))
	if name, _ := of(other); name != "docker/"+id2 || r.NameFailures() != 1 {
		t.Errorf("without an answer: %q, %d failures", name, r.NameFailures())
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times at once", n)
	}
	*clock = clock.Add(askAgain)
	eventually(t, "the name", func() bool { name, _ := of(other); return name == "docker/web-1" })
}

func TestNoNames(t *testing.T) {
	h := newHost(t, onlyV2)
	docker := h.mkdir("sys/fs/cgroup/docker/" + id1)
	serve(t, h.path("run/docker.sock"), func(http.ResponseWriter, *http.Request) { t.Error("docker was asked") })
	r, _ := h.open(Options{NoNames: true})
	e := resetOf(docker, 0)
	r.Complete(e)
	if e.Owner.Container != "docker/"+id1 {
		t.Errorf("got %q", e.Owner.Container)
	}
}
