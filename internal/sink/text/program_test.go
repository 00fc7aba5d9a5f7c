package text

import (
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestProgramText: a name that says enough is not repeated.
func TestProgramText(t *testing.T) {
	parent := event.ProcessRef{PID: 1, Comm: "systemd"}
	for _, test := range []struct{ comm, cmdline, want string }{
		{"java", "/usr/bin/java -jar cart.jar", "java[7] is java -jar cart.jar, started by systemd[1]"},
		{"python3", "/usr/bin/python3 /srv/app.py", "python3[7] is python3 /srv/app.py, started by systemd[1]"},
		{"cache-main", "/opt/varnish/sbin/varnishd -a", "cache-main[7] is varnishd -a, started by systemd[1]"},
		{"haproxy", "/usr/sbin/haproxy -f /etc/haproxy.cfg", ""},
		{"nginx", "nginx: worker process", ""},
		{"bash", "/usr/bin/bash -c", ""},
		{"curl", "", ""},
		{"", "/usr/bin/curl", ""},
	} {
		o := event.Owner{PID: 7, Comm: test.comm, Cmdline: test.cmdline, Parent: parent}
		if got := programText(&o); got != test.want {
			t.Errorf("%s, %s: %q, want %q", test.comm, test.cmdline, got, test.want)
		}
	}
}
