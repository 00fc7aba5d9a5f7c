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
		options Options
		owner   event.Owner
		want    bool
	}{
		"no options":                 {Options{}, event.Owner{}, true},
		"its cgroup":                 {Options{Cgroups: []string{"/system.slice/web.service/worker"}}, service, true},
		"a cgroup above":             {Options{Cgroups: []string{"/system.slice"}}, service, true},
		"one of two cgroups":         {Options{Cgroups: []string{"/other", "/system.slice"}}, service, true},
		"a cgroup below":             {Options{Cgroups: []string{"/system.slice/web.service/worker/1"}}, service, false},
		"a cgroup beside it":         {Options{Cgroups: []string{"/system.slice/web.service/work"}}, service, false},
		"outside our namespace":      {Options{Cgroups: []string{"/system.slice/ssh.service"}}, outside, true},
		"unknown cgroup":             {Options{Cgroups: []string{"/system.slice"}}, event.Owner{PID: 7}, false},
		"empty path of a program":    {Options{Cgroups: []string{""}}, event.Owner{PID: 7}, false},
		"its unit":                   {Options{Units: []string{"web.service"}}, service, true},
		"its slice":                  {Options{Units: []string{"system.slice"}}, service, true},
		"part of a unit":             {Options{Units: []string{"eb.service"}}, service, false},
		"other unit":                 {Options{Units: []string{"db.service"}}, service, false},
		"unknown unit":               {Options{Units: []string{"web.service"}}, event.Owner{}, false},
		"container":                  {Options{Containers: []string{"web-1"}}, docker, true},
		"container with its runtime": {Options{Containers: []string{"docker/web-1"}}, docker, true},
		"other runtime":              {Options{Containers: []string{"podman/web-1"}}, docker, false},
		"other container":            {Options{Containers: []string{"web-2", "docker", "web"}}, docker, false},
		"id of a named container":    {Options{Containers: []string{id1}}, docker, true},
		"short id":                   {Options{Containers: []string{id1[:12]}}, docker, true},
		"too short an id":            {Options{Containers: []string{id1[:11]}}, docker, false},
		"id of another":              {Options{Containers: []string{id2[:12]}}, docker, false},
		"not the start of an id":     {Options{Containers: []string{id1[1:20]}}, docker, false},
		"id of one without name":     {Options{Containers: []string{id1[:12]}}, unnamed, true},
		"container without id":       {Options{Containers: []string{"mail"}}, lxc, true},
		"no container":               {Options{Containers: []string{"web-1"}}, service, false},
		"unknown container":          {Options{Containers: []string{""}}, event.Owner{}, false},
		"pod":                        {Options{Pods: []string{"cart-6d9f"}}, pod, true},
		"pod with its namespace":     {Options{Pods: []string{"shop/cart-6d9f"}}, pod, true},
		"pod of another namespace":   {Options{Pods: []string{"test/cart-6d9f"}}, pod, false},
		"part of a pod":              {Options{Pods: []string{"cart"}}, pod, false},
		"uid of a named pod":         {Options{Pods: []string{uid}}, pod, true},
		"uid of another pod":         {Options{Pods: []string{strings.Replace(uid, "0a", "0b", 1)}}, pod, false},
		"too short a uid":            {Options{Pods: []string{uid[:7]}}, pod, false},
		"short uid":                  {Options{Pods: []string{uid[:8]}}, pod, true},
		"short uid as printed":       {Options{Pods: []string{"pod/" + uid[:8]}}, pod, true},
		"of a pod without name":      {Options{Pods: []string{"pod/" + staticUID[:8]}}, unnamedPod, true},
		"of another pod":             {Options{Pods: []string{"pod/" + staticUID[:8]}}, pod, false},
		"not the start of a uid":     {Options{Pods: []string{uid[1:20]}}, pod, false},
		"short id with its runtime":  {Options{Containers: []string{"docker/" + id1[:12]}}, unnamed, true},
		"of a named container":       {Options{Containers: []string{"docker/" + id1[:12]}}, docker, true},
		"id of another runtime":      {Options{Containers: []string{"podman/" + id1[:12]}}, unnamed, false},
		"with its pod":               {Options{Containers: []string{"shop/cart-6d9f/app"}}, pod, true},
		"with another pod":           {Options{Containers: []string{"shop/cart-7/app"}}, pod, false},
		"another one of its pod":     {Options{Containers: []string{"shop/cart-6d9f/web"}}, pod, false},
		"static pod":                 {Options{Pods: []string{staticUID}}, unnamedPod, true},
		"container of a pod":         {Options{Containers: []string{"app"}, Pods: []string{"shop/cart-6d9f"}}, pod, true},
		"container of another pod":   {Options{Containers: []string{"app"}, Pods: []string{"shop/cart-7"}}, pod, false},
		"no pod":                     {Options{Pods: []string{staticUID}}, service, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := New(test.options)
			if got := f.MatchPlace(&test.owner); got != test.want {
				t.Errorf("MatchPlace is %v", got)
			}
			e := sample()
			e.Owner = test.owner
			if got := f.Match(e); got != test.want {
				t.Errorf("Match is %v", got)
			}
			if !f.MatchBeforeOwner(e) || f.NeedsOwner() {
				t.Error("a place is taken for something else")
			}
			names := len(test.options.Containers)+len(test.options.Pods) > 0
			if f.NeedsNames() != names || f.NeedsPlace() != (names || len(test.options.Cgroups)+len(test.options.Units) > 0) {
				t.Errorf("NeedsPlace is %v, NeedsNames is %v", f.NeedsPlace(), f.NeedsNames())
			}
		})
	}
}
