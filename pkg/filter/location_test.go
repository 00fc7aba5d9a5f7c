package filter

import (
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	id1       = "3f2a9c0d11e2b4a5968778695a4b3c2d1e0f112233445566778899aabbccddee"
	id2       = "3f2a9c0d11e3b4a5968778695a4b3c2d1e0f112233445566778899aabbccddee"
	uid       = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
	staticUID = "0123456789abcdef0123456789abcdef"
)

var (
	service = event.Owner{Cgroup: "/system.slice/web.service/worker", Unit: "web.service"}
	docker  = event.Owner{Cgroup: "/system.slice/docker-" + id1 + ".scope", Unit: "docker-" + id1 + ".scope", Container: "docker/web-1"}
	unnamed = event.Owner{Cgroup: "/docker/" + id1, Container: "docker/" + id1}
	pod     = event.Owner{
		Cgroup:    "/kubepods.slice/kubepods-pod" + strings.ReplaceAll(uid, "-", "_") + ".slice/cri-containerd-" + id2 + ".scope",
		Container: "containerd/app", Pod: "shop/cart-6d9f",
	}
	unnamedPod = event.Owner{Cgroup: "/kubepods/pod" + staticUID + "/" + id2, Container: "cri/" + id2, Pod: staticUID}
	lxc        = event.Owner{Cgroup: "/lxc.payload.mail", Container: "lxc/mail"}
	outside    = event.Owner{Cgroup: "/../../system.slice/ssh.service", Unit: "ssh.service"} // as /proc shows it inside a container
)

func TestMatchPlace(t *testing.T) {
	for name, test := range map[string]struct {
		filter string
		owner  event.Owner
		want   bool
	}{
		"no options":                 {"", event.Owner{}, true},
		"its cgroup":                 {"cgroup /system.slice/web.service/worker", service, true},
		"a cgroup above":             {"cgroup /system.slice", service, true},
		"one of two cgroups":         {"cgroup in (/other, /system.slice)", service, true},
		"a cgroup below":             {"cgroup /system.slice/web.service/worker/1", service, false},
		"a cgroup beside it":         {"cgroup /system.slice/web.service/work", service, false},
		"outside our namespace":      {"cgroup /system.slice/ssh.service", outside, true},
		"unknown cgroup":             {"cgroup /system.slice", event.Owner{PID: 7}, false},
		"its unit":                   {"unit web.service", service, true},
		"its slice":                  {"unit system.slice", service, true},
		"part of a unit":             {"unit eb.service", service, false},
		"other unit":                 {"unit db.service", service, false},
		"unknown unit":               {"unit web.service", event.Owner{}, false},
		"container":                  {"container web-1", docker, true},
		"container with its runtime": {"container docker/web-1", docker, true},
		"other runtime":              {"container podman/web-1", docker, false},
		"other container":            {"container in (web-2, docker, web)", docker, false},
		"id of a named container":    {"container " + id1, docker, true},
		"short id":                   {"container " + id1[:12], docker, true},
		"too short an id":            {"container " + id1[:11], docker, false},
		"id of another":              {"container " + id2[:12], docker, false},
		"not the start of an id":     {"container " + id1[1:20], docker, false},
		"id of one without name":     {"container " + id1[:12], unnamed, true},
		"container without id":       {"container mail", lxc, true},
		"no container":               {"container web-1", service, false},
		"pod":                        {"pod cart-6d9f", pod, true},
		"pod with its namespace":     {"pod shop/cart-6d9f", pod, true},
		"pod of another namespace":   {"pod test/cart-6d9f", pod, false},
		"part of a pod":              {"pod cart", pod, false},
		"uid of a named pod":         {"pod " + uid, pod, true},
		"uid of another pod":         {"pod " + strings.Replace(uid, "0a", "0b", 1), pod, false},
		"too short a uid":            {"pod " + uid[:7], pod, false},
		"short uid":                  {"pod " + uid[:8], pod, true},
		"short uid as printed":       {"pod " + "pod/" + uid[:8], pod, true},
		"of a pod without name":      {"pod " + "pod/" + staticUID[:8], unnamedPod, true},
		"of another pod":             {"pod " + "pod/" + staticUID[:8], pod, false},
		"not the start of a uid":     {"pod " + uid[1:20], pod, false},
		"short id with its runtime":  {"container " + "docker/" + id1[:12], unnamed, true},
		"of a named container":       {"container " + "docker/" + id1[:12], docker, true},
		"id of another runtime":      {"container " + "podman/" + id1[:12], unnamed, false},
		"with its pod":               {"container shop/cart-6d9f/app", pod, true},
		"with another pod":           {"container shop/cart-7/app", pod, false},
		"another one of its pod":     {"container shop/cart-6d9f/web", pod, false},
		"static pod":                 {"pod " + staticUID, unnamedPod, true},
		"container of a pod":         {"container app and pod shop/cart-6d9f", pod, true},
		"container of another pod":   {"container app and pod shop/cart-7", pod, false},
		"no pod":                     {"pod " + staticUID, service, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := MustParse(test.filter)
			e := sample()
			e.Owner = test.owner
			if got := f.Match(e); got != test.want {
				t.Errorf("Match is %v", got)
			}
			if test.filter == "" {
				return
			}
			if got := f.Decide(e, KnowsVerdict|KnowsRecord|KnowsOwner); got != Maybe {
				t.Errorf("without the location: %d", got)
			}
			if got := f.Decide(e, KnowsLocation) == Yes; got != test.want {
				t.Errorf("by the location alone: %v", got)
			}
			names := strings.Contains(test.filter, "container ") || strings.Contains(test.filter, "pod ")
			if f.NeedsNames() != names {
				t.Errorf("NeedsNames is %v", f.NeedsNames())
			}
		})
	}
}
