package cgroup

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const podGroup = "sys/fs/cgroup/kubepods.slice/kubepods-pod" + uidEscaped + ".slice"

// TestNameFromCRI: the runtime knows pods whose files the kubelet has not here: by a
// container, by its sandbox, and by the pod's own cgroup.
func TestNameFromCRI(t *testing.T) {
	h := newHost(t, onlyV2)
	container := h.mkdir(podGroup + "/cri-containerd-" + id1 + ".scope")
	sandbox := h.mkdir(podGroup + "/cri-containerd-" + sandboxOf1 + ".scope")
	pod := h.mkdir(podGroup)
	other := h.mkdir("sys/fs/cgroup/k8s.io/" + id2)
	shop := newShop()
	serveCRI(t, h.path("run/containerd/containerd.sock"), shop.handle(t))
	r, _ := h.open(Options{})
	for _, test := range []struct {
		cgroup         uint64
		container, pod string
		workload       string
	}{
		{container, "containerd/app", "shop/cart-6d9f4c8b7d-x2k5p", "shop/cart"},
		{sandbox, "containerd/" + sandboxOf1, "shop/cart-6d9f4c8b7d-x2k5p", "shop/cart"},
		{pod, "", "shop/cart-6d9f4c8b7d-x2k5p", "shop/cart"},
	} {
		eventually(t, test.container+" has its names", func() bool {
			e := resetOf(test.cgroup, 0)
			r.Complete(e)
			return e.Owner.Container == test.container && e.Owner.Pod == test.pod && e.Owner.Workload == test.workload
		})
	}
	before := shop.asked.Load()
	eventually(t, "a container that it does not know is asked for", func() bool {
		r.Complete(resetOf(other, 0))
		return shop.asked.Load() == before+2
	})
	if n := r.NameFailures(); n != 0 {
		t.Errorf("%d failures", n)
	}
}

// TestCRIBesideKubelet: the kubelet's names are there at once, also while the runtime, which
// adds the workload, does not answer. Nobody has to know of that.
func TestCRIBesideKubelet(t *testing.T) {
	h := newHost(t, onlyV2)
	container := h.mkdir(podGroup + "/crio-" + id1 + ".scope")
	h.mkdir("var/log/pods/shop_cart-6d9f4c8b7d-x2k5p_" + uid + "/app")
	h.write("var/log/containers/cart-6d9f4c8b7d-x2k5p_shop_app-"+id1+".log", "")
	var answers atomic.Bool
	shop := newShop()
	serveCRI(t, h.path("run/crio/crio.sock"), func(w http.ResponseWriter, r *http.Request) {
		if !answers.Load() {
			<-r.Context().Done()
			return
		}
		shop.handle(t)(w, r)
	})
	r, clock := h.open(Options{ByName: true})
	for _, e := range r.engines {
		e.breaker = newBreaker(time.Second)
	}
	owner := func() (workload string, named bool) {
		owner, pending := r.Pending(resetOf(container, 0))
		return owner.Workload, !pending && owner.Container == "crio/app" && owner.Pod == "shop/cart-6d9f4c8b7d-x2k5p"
	}
	eventually(t, "the kubelet's names", func() bool { _, named := owner(); return named })
	eventually(t, "no answer of the runtime", func() bool { return r.NameFailures() == 1 })
	if workload, named := owner(); workload != "" || !named {
		t.Errorf("workload %q, named %t", workload, named)
	}
	if told := r.SilentEngines(); len(told) != 0 {
		t.Errorf("told: %v", told)
	}
	answers.Store(true)
	eventually(t, "the workload", func() bool {
		*clock = clock.Add(nameFor)
		workload, named := owner()
		if !named {
			t.Fatal("a name is lost")
		}
		return workload == "shop/cart"
	})
}

// TestStaticPod: its uid says that it has no replicas, so 1 is a part of its node's name.
func TestStaticPod(t *testing.T) {
	h := newHost(t, onlyV2)
	pod := h.mkdir("sys/fs/cgroup/kubepods.slice/kubepods-pod" + staticUID + ".slice")
	h.mkdir("var/log/pods/kube-system_etcd-node-1_" + staticUID)
	r, _ := h.open(Options{})
	eventually(t, "the workload", func() bool {
		e := resetOf(pod, 0)
		r.Complete(e)
		return e.Owner.Workload == "kube-system/etcd-node-1"
	})
}

// TestCRIAnswersAreBounded: whatever comes from the socket, the ids stay, nothing breaks, and
// nothing is waited for longer than one question.
func TestCRIAnswersAreBounded(t *testing.T) {
	flood := func(w io.Writer) {
		for range 16 * answerMax >> 10 {
			if _, err := io.WriteString(w, strings.Repeat("\n", 1<<10)); err != nil {
				return
			}
		}
	}
	framed := func(length uint32, body []byte) []byte {
		return append(binary.BigEndian.AppendUint32([]byte{0}, length), body...)
	}
	raw := func(body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "Grpc-Status")
			_, _ = w.Write(body)
			w.Header().Set("Grpc-Status", "0")
		}
	}
	with := func(change func(*shop)) http.HandlerFunc {
		s := newShop()
		change(s)
		return s.handle(t)
	}
	for name, handle := range map[string]http.HandlerFunc{
		"an error of HTTP": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusServiceUnavailable) },
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
		},
		"no status": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(framed(0, nil))
		},
		"an error before a message": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Grpc-Status", "13")
			w.Header().Set("Grpc-Message", strings.Repeat("\xff", 1000))
		},
		"an error behind a message": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "Grpc-Status")
			_, _ = w.Write(framed(0, nil))
			w.Header().Set("Grpc-Status", "13")
		},
		"no message":               raw(nil),
		"half a head":              raw([]byte{0, 0, 0}),
		"a compressed message":     raw([]byte{1, 0, 0, 0, 0}),
		"a message that is longer": raw(framed(1, nil)),
		"a message of 4 GiB":       raw(framed(1<<32-1, []byte("x"))),
		"two messages":             raw(append(framed(0, nil), framed(0, nil)...)),
		"no protobuf":              raw(framed(3, []byte("\xff\xff\xff"))),
		"half a field":             raw(framed(2, []byte{0x0a, 0x7f})),
		"groups in groups":         raw(framed(1<<19, []byte(strings.Repeat("\x0b", 1<<19)))),
		"a flood":                  func(w http.ResponseWriter, _ *http.Request) { flood(w) },
		"a flood of headers": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 4*headersMax))
		},
		"a flood of trailers": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X")
			_, _ = w.Write(framed(0, nil))
			w.Header().Set("X", strings.Repeat("x", 4*headersMax))
		},
		"an end in the middle": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(framed(100, []byte("x")))
			panic(http.ErrAbortHandler)
		},
		"another pod":              with(func(s *shop) { s.pod.uid = "00000000-1111-2222-3333-444455556666" }),
		"a pod without a name":     with(func(s *shop) { s.pod.name = "" }),
		"a name in another folder": with(func(s *shop) { s.pod.namespace = "kube-system/x" }),
		"a name that is no text":   with(func(s *shop) { s.container.labels[labelContainer] = "app\xff" }),
		"a name with an escape":    with(func(s *shop) { s.pod.name = "\x1b[31mcart" }),
		"a long name":              with(func(s *shop) { s.pod.name = strings.Repeat("x", nameBytes+1) }),
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, onlyV2)
			container := h.mkdir(podGroup + "/cri-containerd-" + id1 + ".scope")
			serveCRI(t, h.path("run/containerd/containerd.sock"), handle)
			r, _ := h.open(Options{})
			complete := func() *string {
				e := resetOf(container, 0)
				r.Complete(e)
				got := e.Owner.Container + " " + e.Owner.Pod + " " + e.Owner.Workload
				return &got
			}
			complete()
			eventually(t, "a failure", func() bool { return r.NameFailures() == 1 })
			if got, want := *complete(), "containerd/"+id1+" "+uid+" "; got != want {
				t.Errorf("named %q, want %q", got, want)
			}
			if told := r.SilentEngines(); len(told) != 0 {
				t.Errorf("who answers nonsense answers: %v", told)
			}
		})
	}
}

// TestCRIOtherContainers: of an answer about more than was asked for, only that counts.
func TestCRIOtherContainers(t *testing.T) {
	shop := newShop()
	other := criContainer{id: id2, name: "other"}
	answer := append(shop.container.encode(), other.encode()...)
	found, err := findContainer(answer, id1)
	must(t, err)
	if found.name != "app" || found.labels[labelPod] == "" {
		t.Errorf("found %+v", found)
	}
	if found, err = findContainer(answer, sandboxOf1); err != nil || found.id != "" {
		t.Errorf("found %+v, %v", found, err)
	}
}

// TestCRILabelsAreBounded: no more labels are kept than a pod has.
func TestCRILabelsAreBounded(t *testing.T) {
	s := criSandbox{id: id1, labels: make(map[string]string)}
	for i := range 10 * labelsMax {
		s.labels[fmt.Sprint(i)] = "x"
	}
	found, err := findSandbox(s.encode(), func(s *criSandbox) bool { return s.id == id1 })
	if err != nil || len(found.labels) != labelsMax {
		t.Errorf("%d labels, %v", len(found.labels), err)
	}
}

// TestCRIThatIsSilent: a socket that takes everything and answers nothing is down after one
// question, and one that nobody listens at is, too.
func TestCRIThatIsSilent(t *testing.T) {
	h := newHost(t, onlyV2)
	container := h.mkdir(podGroup + "/cri-containerd-" + id1 + ".scope")
	for _, socket := range []string{"run/containerd/containerd.sock", "run/crio/crio.sock"} {
		must(t, os.MkdirAll(filepath.Dir(h.path(socket)), 0o755))
	}
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "unix", h.path("run/containerd/containerd.sock"))
	must(t, err)
	defer listener.Close()
	h.write("run/k3s/containerd/containerd.sock", "")
	r, _ := h.open(Options{})
	r.Complete(resetOf(container, 0))
	var told []string
	eventually(t, "both are silent", func() bool {
		for _, err := range r.SilentEngines() {
			told = append(told, err.Error())
		}
		return len(told) == 2
	})
	for i, want := range []string{"containerd does not answer at " + h.path("run/containerd/"), "containerd does not answer at " + h.path("run/k3s/")} {
		if !strings.HasPrefix(told[i], want) {
			t.Errorf("told %q, want %q", told[i], want)
		}
	}
}

// TestEnginesOfKubernetes: doctor shows a runtime, and not the containerd of Docker.
func TestEnginesOfKubernetes(t *testing.T) {
	h := newHost(t, onlyV2)
	serveCRI(t, h.path("run/crio/crio.sock"), newShop().handle(t))
	serveCRI(t, h.path("run/containerd/containerd.sock"), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Grpc-Status", "12")
	})
	got := Engines(t.Context(), h.root)
	if len(got) != 1 || got[0] != (Engine{"crio", h.path("run/crio/crio.sock"), nil}) {
		t.Errorf("got %v", got)
	}
	container := h.mkdir(podGroup + "/cri-containerd-" + id1 + ".scope")
	r, _ := h.open(Options{})
	eventually(t, "it has no names", func() bool {
		owner, pending := r.Pending(resetOf(container, 0))
		return !pending && owner.Container == "containerd/"+id1
	})
	if n := r.NameFailures(); n != 0 {
		t.Errorf("%d failures", n)
	}
}

// TestChartKnowsTheSockets: the folders that the chart can mount are those that are looked into.
func TestChartKnowsTheSockets(t *testing.T) {
	schema, err := os.ReadFile("../../deploy/helm/rsttrace/values.schema.json")
	must(t, err)
	var chart struct {
		Properties struct {
			CRISocketFolder struct{ Enum []string } `json:"criSocketFolder"`
		}
	}
	must(t, json.Unmarshal(schema, &chart))
	want := []string{""}
	for _, s := range criSockets {
		if folder := "/" + filepath.Dir(s.socket); folder != "/run" { // all of it is too much
			want = append(want, folder)
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, chart.Properties.CRISocketFolder.Enum); diff != "" {
		t.Errorf("folders (-want +got):\n%s", diff)
	}
}
