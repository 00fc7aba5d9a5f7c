package filter

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestAbsent(t *testing.T) {
	here := []event.Owner{service, docker, pod, lxc, {Cgroup: "/user.slice"}}
	for name, test := range map[string]struct {
		options Options
		unnamed bool
		want    []string
	}{
		"nothing asked for": {},
		"all here": {options: Options{
			Units: []string{"web.service", "system.slice"}, Containers: []string{"web-1", id1[:12], "mail"}, Pods: []string{"cart-6d9f", uid},
		}},
		"mistyped": {
			options: Options{Units: []string{"wbe.service"}, Containers: []string{"web-2", "mail"}, Pods: []string{"shop/cart-6d9e"}},
			want: []string{
				`there is no unit "wbe.service" now: did you mean web.service?`,
				`there is no container "web-2" now: did you mean web-1?`,
				`there is no pod "shop/cart-6d9e" now: did you mean shop/cart-6d9f?`,
			},
		},
		"nothing like it": {options: Options{Units: []string{"postgresql.service"}}, want: []string{`there is no unit "postgresql.service" now`}},
		"names unknown": {
			options: Options{Units: []string{"db.service"}, Containers: []string{"nowhere"}, Pods: []string{"nowhere"}}, unnamed: true,
			want: []string{`there is no unit "db.service" now: did you mean web.service?`},
		},
		"one of two": {options: Options{Units: []string{"web.service", "cups.socket"}}, want: []string{`there is no unit "cups.socket" now`}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, New(test.options).Absent(here, !test.unnamed)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
