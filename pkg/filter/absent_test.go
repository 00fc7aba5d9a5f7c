package filter

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestAbsent(t *testing.T) {
	here := []event.Owner{service, docker, pod, lxc, {Cgroup: "/user.slice"}}
	for name, test := range map[string]struct {
		filter  string
		unnamed bool
		want    []string
	}{
		"nothing asked for": {},
		"all here":          {filter: "unit in (web.service, system.slice) and container in (web-1, " + id1[:12] + ", mail) and pod in (cart-6d9f, " + uid + ")"},
		"mistyped": {
			filter: "unit wbe.service and container in (web-2, mail) and pod shop/cart-6d9e",
			want: []string{
				`there is no unit "wbe.service" now: did you mean web.service?`,
				`there is no container "web-2" now: did you mean web-1?`,
				`there is no pod "shop/cart-6d9e" now: did you mean shop/cart-6d9f?`,
			},
		},
		"nothing like it": {filter: "unit postgresql.service", want: []string{`there is no unit "postgresql.service" now`}},
		"names unknown": {
			filter: "unit db.service and container nowhere and pod nowhere", unnamed: true,
			want: []string{`there is no unit "db.service" now: did you mean web.service?`},
		},
		"one of two": {filter: "unit in (web.service, cups.socket)", want: []string{`there is no unit "cups.socket" now`}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, MustParse(test.filter).Absent(here, !test.unnamed)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
