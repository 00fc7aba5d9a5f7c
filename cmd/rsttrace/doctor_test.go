package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/internal/cgroup"
)

func TestDescribeEngines(t *testing.T) {
	var out strings.Builder
	describeEngines(&out, []cgroup.Engine{
		{Runtime: "docker", Socket: "/run/docker.sock", Err: errors.New("no answer in time")},
		{Runtime: "podman", Socket: "/run/podman/podman.sock"},
	})
	const want = "docker       DOES NOT ANSWER, so its containers are shown and found by id only: no answer in time\n" +
		"podman       answers at /run/podman/podman.sock\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	out.Reset()
	describeEngines(&out, nil)
	if got := out.String(); !strings.Contains(got, "no socket of Docker") {
		t.Errorf("without an engine: %q", got)
	}
}
