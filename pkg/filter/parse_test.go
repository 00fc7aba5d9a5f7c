package filter

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rsttrace/rsttrace/pkg/event"
)

var known = []event.CauseID{"closed-port", "closed-earlier", "half-open", "peer-gone", "peer-aborted", "linger-zero", "mptcp-close"}

func TestParse(t *testing.T) {
	hosts := func(texts ...string) any { return prefixes(texts...) }
	for _, c := range []struct {
		parse  func([]string) (any, error)
		values []string
		want   any
	}{
		{dirs, []string{"sent,Received", "ignored"}, []event.Dir{event.Sent, event.Received, event.Ignored}},
		{dirs, nil, []event.Dir(nil)},
		{causes, []string{"half-open, Peer-Gone"}, []event.CauseID{"half-open", "peer-gone"}},
		{hostsOf, []string{"192.0.2.1", "10.1.2.3/8"}, hosts("192.0.2.1/32", "10.0.0.0/8")},
		{hostsOf, []string{"2001:db8::1,2001:db8::/32"}, hosts("2001:db8::1/128", "2001:db8::/32")},
		{hostsOf, []string{"::ffff:192.0.2.1", "::ffff:10.0.0.0/104", "::ffff:0:0/90"}, hosts("192.0.2.1/32", "10.0.0.0/8", "::ffc0:0:0/90")},
		{hostsOf, []string{"0.0.0.0/0,::/0"}, hosts("0.0.0.0/0", "::/0")},
		{ports, []string{"80, 443", "8000-8100", "1-65535"}, []PortRange{{80, 80}, {443, 443}, {8000, 8100}, {1, 65535}}},
		{pids, []string{"1,812"}, []uint32{1, 812}},
		{comms, []string{"nginx,tmux: server", "systemd-resolved"}, []string{"nginx", "tmux: server", "systemd-resolve"}},
		{cgroups, []string{"/system.slice, docker/web", "mnt/system.slice/web.service"}, []string{"/system.slice", "/docker/web", "/system.slice/web.service"}},
		{units, []string{"nginx,ssh.socket", "user.slice", "php8.2-fpm"}, []string{"nginx.service", "ssh.socket", "user.slice", "php8.2-fpm.service"}},
		{containers, []string{"web-1,docker/web-2"}, []string{"web-1", "docker/web-2"}},
		{podsOf, []string{"shop/cart-6d9f"}, []string{"shop/cart-6d9f"}},
	} {
		got, err := c.parse(c.values)
		if err != nil {
			t.Errorf("%q: %v", c.values, err)
		}
		if diff := cmp.Diff(c.want, got, cmpopts.EquateComparable(prefixes("::/0")[0])); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.values, diff)
		}
	}
}

// TestParseErrors: one line that names the bad value and says what is accepted.
func TestParseErrors(t *testing.T) {
	for _, c := range []struct {
		parse  func([]string) (any, error)
		values []string
		want   string
	}{
		{dirs, []string{"sent,out"}, `unknown direction "out": want sent, received or ignored`},
		{dirs, []string{"sent,"}, `empty direction in "sent,": want sent, received or ignored`},
		{causes, []string{"closed-prot"}, `unknown cause "closed-prot": did you mean closed-port?`},
		{causes, []string{"peer"}, `unknown cause "peer": did you mean peer-gone or peer-aborted?`},
		{causes, []string{"broken pipe"}, `unknown cause "broken pipe": rsttrace explain lists all causes`},
		{hostsOf, []string{"example.org"}, `bad host "example.org": want an address or prefix, such as 192.0.2.1 or 2001:db8::/32 (names are not looked up, ports go to the port filter)`},
		{hostsOf, []string{"10.0.0.0/33"}, `bad host "10.0.0.0/33": want an address or prefix, such as 192.0.2.1 or 2001:db8::/32 (names are not looked up, ports go to the port filter)`},
		{hostsOf, []string{"fe80::1%eth0"}, `bad host "fe80::1%eth0": want an address without zone (fe80::1)`},
		{ports, []string{"http"}, `bad port "http": want 1 to 65535 or a range such as 8000-8100`},
		{ports, []string{"0"}, `bad port "0": want 1 to 65535 or a range such as 8000-8100`},
		{ports, []string{"65536"}, `bad port "65536": want 1 to 65535 or a range such as 8000-8100`},
		{ports, []string{"8100-8000"}, `bad port range "8100-8000": want the lower port first (8000-8100)`},
		{ports, []string{"80-"}, `bad port "80-": want 1 to 65535 or a range such as 8000-8100`},
		{pids, []string{"nginx"}, `bad pid "nginx": want a positive number (for names use the process name filter)`},
		{pids, []string{"-1"}, `bad pid "-1": want a positive number (for names use the process name filter)`},
		{comms, []string{""}, `empty process name in "": want a name as ps -o comm shows it`},
		{cgroups, []string{"/"}, `"/" holds every control group: leave the filter out`},
		{cgroups, []string{"web.service"}, `there is no control group "/web.service": did you mean /system.slice/web.service?`},
		{cgroups, []string{"/system.slice/wbe.service"}, `there is no control group "/system.slice/wbe.service": did you mean /system.slice/web.service?`},
		{cgroups, []string{"web"}, `there is no control group "/web": did you mean /docker/web or /system.slice/web.service?`},
		{cgroups, []string{"/system.slice/mail/queue-runner"}, `there is no control group "/system.slice/mail/queue-runner": the nearest that exists is /system.slice (systemd-cgls lists them)`},
		{cgroups, []string{"nowhere"}, `there is no control group "/nowhere": want a path such as /system.slice/nginx.service (systemd-cgls lists them)`},
		{cgroups, []string{""}, `empty control group in "": want a path such as /system.slice/nginx.service`},
		{units, []string{"system.slice/nginx.service"}, `bad unit "system.slice/nginx.service": want a name such as nginx.service (paths go to the control group filter)`},
		{units, []string{"a,"}, `empty unit in "a,": want a name such as nginx.service`},
		{containers, []string{","}, `empty container in ",": want a name, or an id`},
		{podsOf, []string{""}, `empty pod in "": want a name such as cart-6d9f or shop/cart-6d9f, or a uid`},
	} {
		got, err := c.parse(c.values)
		if err == nil {
			t.Errorf("%q gives %v, want an error", c.values, got)
		} else if diff := cmp.Diff(c.want, err.Error()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.values, diff)
		}
	}
}

// The parsers with one signature.
func dirs(v []string) (any, error)    { return ParseDirs(v) }
func causes(v []string) (any, error)  { return ParseCauses(v, known) }
func hostsOf(v []string) (any, error) { return ParseHosts(v) }
func ports(v []string) (any, error)   { return ParsePorts(v) }
func pids(v []string) (any, error)    { return ParsePIDs(v) }
func comms(v []string) (any, error)   { return ParseComms(v) }

func units(v []string) (any, error)  { return ParseUnits(v) }
func podsOf(v []string) (any, error) { return ParsePods(v) }

func containers(v []string) (any, error) { return ParseContainers(v) }

// cgroups are those of a host whose hierarchy is mounted at /mnt.
func cgroups(v []string) (any, error) {
	known := []string{"/docker", "/docker/web", "/system.slice", "/system.slice/web.service"}
	form := func(text string) string { return path.Join("/", strings.TrimPrefix(text, "mnt")) }
	return ParseCgroups(v, form, known)
}

func checkError(t *testing.T, err error) {
	if err != nil && strings.ContainsRune(err.Error(), '\n') {
		t.Errorf("an error of several lines: %q", err)
	}
}

func FuzzParseDirs(f *testing.F) {
	f.Add("sent,received, ignored")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseDirs([]string{text})
		checkError(t, err)
		if err == nil && len(got) != 1+strings.Count(text, ",") {
			t.Errorf("%q gives %v", text, got)
		}
	})
}

func FuzzParseCauses(f *testing.F) {
	f.Add("closed-port,half-open")
	f.Add("clsoed-port")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseCauses([]string{text}, known)
		checkError(t, err)
		for _, id := range got {
			if _, err := parseCause(string(id), known); err != nil {
				t.Errorf("%q gives the unknown cause %q", text, id)
			}
		}
	})
}

// Whatever is accepted is in the form that events have, so that it can match.
func FuzzParseHosts(f *testing.F) {
	for _, seed := range []string{"10.0.0.1", "10.0.0.0/8,::1", "::ffff:1.2.3.4/100", "::ffff:0:0/90", "fe80::1%lo", "1.2.3.4/0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseHosts([]string{text})
		checkError(t, err)
		for _, prefix := range got {
			if !prefix.IsValid() || prefix != prefix.Masked() || prefix.Addr().Is4In6() && prefix.Bits() >= 96 {
				t.Errorf("%q gives %v", text, prefix)
			}
			if again, err := ParseHosts([]string{prefix.String()}); err != nil || again[0] != prefix {
				t.Errorf("%v is read again as %v, %v", prefix, again, err)
			}
			e := &event.Event{Peer: event.Endpoint{Addr: prefix.Addr()}}
			if !prefix.Addr().Is4In6() && !New(Options{Hosts: got}).Match(e) {
				t.Errorf("%v does not match its own address", prefix)
			}
		}
	})
}

func FuzzParsePorts(f *testing.F) {
	f.Add("80,443,8000-8100")
	f.Add("1 - 2")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParsePorts([]string{text})
		checkError(t, err)
		for _, r := range got {
			if r.First == 0 || r.Last < r.First || !r.Contains(r.First) || !r.Contains(r.Last) {
				t.Errorf("%q gives %v", text, r)
			}
		}
	})
}

func FuzzParsePIDs(f *testing.F) {
	f.Add("1,4194304")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParsePIDs([]string{text})
		checkError(t, err)
		for _, pid := range got {
			if pid == 0 || pid > 1<<31-1 {
				t.Errorf("%q gives %d", text, pid)
			}
		}
	})
}

func FuzzParseComms(f *testing.F) {
	f.Add("nginx,tmux: server")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseComms([]string{text})
		checkError(t, err)
		for _, comm := range got {
			if comm == "" || len(comm) > commBytes {
				t.Errorf("%q gives %q", text, comm)
			}
		}
	})
}

// A unit that is accepted has a type, and no path.
func FuzzParseUnits(f *testing.F) {
	f.Add("nginx,user.slice")
	f.Add("a.b/c")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseUnits([]string{text})
		checkError(t, err)
		for _, unit := range got {
			if !slices.Contains(unitTypes, path.Ext(unit)) || strings.Contains(unit, "/") {
				t.Errorf("%q gives %q", text, unit)
			}
		}
	})
}

// A control group that is accepted exists, and is not the root.
func FuzzParseCgroups(f *testing.F) {
	f.Add("system.slice,/docker/../docker/web")
	f.Add("/docker/web/..,/..")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := cgroups([]string{text})
		checkError(t, err)
		for _, one := range got.([]string) {
			if one == "/" || one != path.Clean(one) || one[0] != '/' {
				t.Errorf("%q gives %q", text, one)
			}
		}
	})
}
