package main

import (
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/internal/probe"
)

func TestDescribeVerdict(t *testing.T) {
	const reject = "RSTs that firewall rules send (no-reject)"
	later := []probe.HookStatus{{Hook: "reject (IPv4)", Later: true}, {Hook: "reject (IPv6)", Method: "fentry"}, {Hook: "reject (IPv4, link)"}}
	refused := []probe.HookStatus{{Hook: "reject (IPv4)"}, {Hook: "reject (IPv6)", Later: true}}
	for _, test := range []struct {
		name   string
		hooks  []probe.HookStatus
		limits []string
		want   []string
		not    string
	}{
		{"nothing is missing", nil, nil, []string{"sees every RST, and all its details."}, "missing"},
		{"details", nil, []string{probe.LimitNoRSTPacket, "no-state"}, []string{"sees every RST. 2 details are missing"}, "misses"},
		{"one detail", nil, []string{"no-state"}, []string{"1 detail is missing"}, "misses"},
		{"whole RSTs", refused, []string{probe.LimitReject}, []string{"does not see every RST", "  - " + reject + "\n", "It sees all others. The end"}, "detail"},
		{"whole RSTs and a detail", refused, []string{probe.LimitReject, "no-state"}, []string{"  - " + reject, "It sees all others. 1 detail is missing"}, "sees every RST."},
		{"a module that is not loaded", later, []string{probe.LimitReject}, []string{"sees every RST, and all its details."}, "miss"},
		{"such a module, and a detail", later, []string{probe.LimitReject, "no-state"}, []string{"sees every RST. 1 detail is missing"}, "misses"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			var limits []probe.Limit
			for _, id := range test.limits {
				limit, ok := probe.LimitByID(id)
				if !ok {
					t.Fatalf("no limit is called %s", id)
				}
				limits = append(limits, limit)
			}
			describeVerdict(&out, test.hooks, limits)
			for _, want := range test.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("no %q in:\n%s", want, &out)
				}
			}
			if strings.Contains(out.String(), test.not) {
				t.Errorf("%q in:\n%s", test.not, &out)
			}
		})
	}
}
