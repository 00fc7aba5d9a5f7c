package filter

import (
	"path"
	"strings"
	"testing"
)

// aHost is one whose hierarchy of control groups is mounted at /mnt.
var aHost = Vocabulary{
	Netns: func(text string) (uint32, error) { return uint32(len(text)), nil },
	Cgroup: func(text string) (string, error) {
		known := []string{"/docker", "/docker/web", "/system.slice", "/system.slice/web.service"}
		return ParseCgroup(text, path.Join("/", strings.TrimPrefix(text, "mnt")), known)
	},
}

func TestFromFlag(t *testing.T) {
	for _, c := range []struct {
		field string
		texts []string
		want  string
	}{
		{"dir", []string{"sent,Received", "ignored"}, "dir sent or dir received or dir ignored"},
		{"dir", nil, ""},
		{"cause", []string{"half-open, Peer-Gone"}, "cause half-open or cause peer-gone"},
		{"host", []string{"192.0.2.1", "10.1.2.3/8"}, "host 192.0.2.1 or host 10.0.0.0/8"},
		{"host", []string{"2001:db8::1,2001:db8::/32"}, "host 2001:db8::1 or host 2001:db8::/32"},
		{"host", []string{"::ffff:192.0.2.1", "::ffff:10.0.0.0/104", "::ffff:0:0/90"}, "host 192.0.2.1 or host 10.0.0.0/8 or host ::ffc0:0:0/90"},
		{"host", []string{"0.0.0.0/0,::/0"}, "host 0.0.0.0/0 or host ::/0"},
		{"port", []string{"80, 443", "8000-8100", "1-65535"}, "port 80 or port 443 or port 8000-8100 or port 1-65535"},
		{"pid", []string{"1,812"}, "pid 1 or pid 812"},
		{"comm", []string{"nginx,tmux: server", "systemd-resolved"}, `comm nginx or comm "tmux: server" or comm systemd-resolve`},
		{"comm", []string{`a\,b,c`}, `comm "a,b" or comm c`},
		{"cgroup", []string{"/system.slice, docker/web", "mnt/system.slice/web.service"}, "cgroup /system.slice or cgroup /docker/web or cgroup /system.slice/web.service"},
		{"unit", []string{"nginx,ssh.socket", "user.slice", "php8.2-fpm"}, "unit nginx.service or unit ssh.socket or unit user.slice or unit php8.2-fpm.service"},
		{"container", []string{"web-1,docker/web-2"}, "container web-1 or container docker/web-2"},
		{"pod", []string{"shop/cart-6d9f"}, "pod shop/cart-6d9f"},
	} {
		f, err := FromFlag(c.field, c.texts, aHost)
		if err != nil {
			t.Errorf("%q: %v", c.texts, err)
			continue
		}
		if got := f.String(); got != c.want {
			t.Errorf("%q: %s, want %s", c.texts, got, c.want)
		}
	}
}

// TestFromFlagErrors: one line that names the bad value and says what is accepted.
func TestFromFlagErrors(t *testing.T) {
	for _, c := range []struct {
		field string
		texts []string
		want  string
	}{
		{"dir", []string{"sent,out"}, `unknown direction "out": want sent, received, ignored or observed`},
		{"dir", []string{"sent,"}, `empty value in "sent,": write one, as in dir sent`},
		{"cause", []string{"closed-prot"}, `unknown cause "closed-prot": did you mean closed-port?`},
		{"cause", []string{"peer"}, `unknown cause "peer": did you mean peer-aborted or peer-gone or reset-by-peer?`},
		{"cause", []string{"broken pipe"}, `unknown cause "broken pipe": rsttrace explain lists all`},
		{"host", []string{"example.org"}, `bad host "example.org": want an address or prefix, such as 192.0.2.1 or 2001:db8::/32 (names are not looked up, port takes ports)`},
		{"host", []string{"10.0.0.0/33"}, `bad host "10.0.0.0/33": want an address or prefix, such as 192.0.2.1 or 2001:db8::/32 (names are not looked up, port takes ports)`},
		{"host", []string{"fe80::1%eth0"}, `bad host "fe80::1%eth0": want an address without zone (fe80::1)`},
		{"port", []string{"http"}, `bad port "http": want 1 to 65535 or a range such as 8000-8100`},
		{"port", []string{"0"}, `bad port "0": want 1 to 65535 or a range such as 8000-8100`},
		{"port", []string{"65536"}, `bad port "65536": want 1 to 65535 or a range such as 8000-8100`},
		{"port", []string{"8100-8000"}, `bad port range "8100-8000": want the lower port first (8000-8100)`},
		{"port", []string{"80-"}, `bad port "80-": want 1 to 65535 or a range such as 8000-8100`},
		{"pid", []string{"nginx"}, `bad pid "nginx": want a positive number (comm takes names)`},
		{"pid", []string{"-1"}, `bad pid "-1": want a positive number (comm takes names)`},
		{"comm", []string{""}, `empty value in "": write one, as in not comm nginx`},
		{"cgroup", []string{"/"}, `"/" holds every control group: leave the filter out`},
		{"cgroup", []string{"web.service"}, `there is no control group "/web.service": did you mean /system.slice/web.service?`},
		{"cgroup", []string{"/system.slice/wbe.service"}, `there is no control group "/system.slice/wbe.service": did you mean /system.slice/web.service?`},
		{"cgroup", []string{"web"}, `there is no control group "/web": did you mean /docker/web or /system.slice/web.service?`},
		{"cgroup", []string{"/system.slice/mail/queue-runner"}, `there is no control group "/system.slice/mail/queue-runner": the nearest that exists is /system.slice (systemd-cgls lists them)`},
		{"cgroup", []string{"nowhere"}, `there is no control group "/nowhere": want a path such as /system.slice/nginx.service (systemd-cgls lists them)`},
		{"cgroup", []string{""}, `empty value in "": write one, as in cgroup /system.slice`},
		{"unit", []string{"system.slice/nginx.service"}, `bad unit "system.slice/nginx.service": want a name such as nginx.service (cgroup takes paths)`},
		{"unit", []string{"a,"}, `empty value in "a,": write one, as in unit nginx`},
		{"container", []string{","}, `empty value in ",": write one, as in container docker/web-1`},
		{"pod", []string{""}, `empty value in "": write one, as in pod shop/cart-6d9f`},
	} {
		f, err := FromFlag(c.field, c.texts, aHost)
		switch {
		case err == nil:
			t.Errorf("--%s %q gives %s, want an error", c.field, c.texts, f)
		case err.Error() != c.want:
			t.Errorf("--%s %q:\n got %s\nwant %s", c.field, c.texts, err, c.want)
		}
	}
}

// FuzzFromFlag: what is accepted is a filter that can be written and read again.
func FuzzFromFlag(f *testing.F) {
	for i := range fields {
		for _, seed := range []string{"sent,received", "10.0.0.1", "::ffff:1.2.3.4/100", "8000-8100", "1 - 2", "nginx,tmux: server", "system.slice,/docker/../docker/web", "/docker/web/..,/..", `a\,b`, "\xff"} {
			f.Add(i, seed)
		}
	}
	f.Fuzz(func(t *testing.T, index int, text string) {
		field := fields[uint(index)%uint(len(fields))]
		got, err := FromFlag(field.Name, []string{text}, aHost)
		if err != nil {
			if strings.ContainsRune(err.Error(), '\n') {
				t.Errorf("an error of several lines: %q", err)
			}
			return
		}
		if again, err := Parse(got.String(), Vocabulary{}); err != nil || again.String() != got.String() {
			t.Errorf("--%s %q gives %s, read again as %s, %v", field.Name, text, got, again, err)
		}
	})
}
