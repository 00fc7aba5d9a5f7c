package cgroup

import (
	"strings"
	"testing"
)

func TestWorkloadOfLabels(t *testing.T) {
	type labels = map[string]string
	long := strings.Repeat("long", 15) // 60 characters
	for _, test := range []struct {
		pod    string
		labels labels
		want   string
	}{
		{"cart-6d9f4c8b7d-x2k5p", labels{labelTemplate: "6d9f4c8b7d"}, "cart"},
		{"cart-api-bcd-x2k5p", labels{labelTemplate: "bcd"}, "cart-api"}, // a hash as short as this is rare
		{"cart-6d9f4c8b7d-x2k5p", labels{labelRollout: "6d9f4c8b7d"}, "cart"},
		{"cart-6d9f4c8b7d-24567", labels{labelTemplate: "6d9f4c8b7d"}, "cart"},
		{"cart-6d9f4c8b7d-x2k5p", labels{labelTemplate: "7fb96c846b"}, ""}, // copied from another pod
		{"cart", labels{labelTemplate: "6d9f4c8b7d"}, ""},
		{"db-0", labels{labelStateful: "db-0", labelRevision: "db-7fb96c846b"}, "db"},
		{"db-x2k5p-12", labels{labelStateful: "db-x2k5p-12"}, "db-x2k5p"},
		{"db-0", labels{labelStateful: "db-1"}, ""},
		{"log-x2k5p", labels{labelRevision: "7fb96c846b", "pod-template-generation": "1"}, "log"},
		// Its own name looks as that of a ReplicaSet.
		{"log-6d9f4c8b7d-x2k5p", labels{labelRevision: "7fb96c846b"}, "log-6d9f4c8b7d"},
		{"log", labels{labelRevision: "7fb96c846b"}, ""},
		{"dump-x2k5p", labels{labelJob: "dump"}, "dump"},
		{"dump-x2k5p", labels{labelJobBefore: "dump"}, "dump"},
		{"dump-6d9f4c8b7d-x2k5p", labels{labelJob: "dump-6d9f4c8b7d"}, "dump-6d9f4c8b7d"},
		{"dump-3-x2k5p", labels{labelJob: "dump"}, "dump"}, // its index
		{"dump-x2k5p", labels{labelJob: "load"}, ""},
		{"dumper-x2k5p", labels{labelJob: "dump"}, ""},
		{"dump-29930400-x2k5p", labels{labelJob: "dump-29930400"}, ""}, // a CronJob, perhaps
		{"cart-x2k5p", nil, ""},
		{"cart-x2k5p", labels{"app": "cart"}, ""},
		{"", labels{labelRevision: "7fb96c846b"}, ""},
		{"x2k5p", labels{labelRevision: "7fb96c846b"}, ""},
		// Kubernetes cuts what is too long.
		{long[:57] + "-x2k5p", labels{labelRevision: "7fb96c846b"}, ""},
		{long[:58] + "x2k5p", labels{labelRevision: "7fb96c846b"}, ""},
		{long[:58] + "x2k5p", labels{labelJob: long}, long},
		{long[:47] + "-6d9f4c8b7dx2k5p", labels{labelTemplate: "6d9f4c8b7d"}, long[:47]},
		{long[:52] + "-6d9f4x2k5p", labels{labelTemplate: "6d9f4c8b7d"}, ""},
	} {
		if got := workloadOf(test.pod, test.labels); got != test.want {
			t.Errorf("%s with %v: %q, want %q", test.pod, test.labels, got, test.want)
		}
	}
}
