package communityid

import (
	"net/netip"
	"testing"
)

// TestTCP: the first two are the TCP flows of the specification's baseline
// (baseline/baseline_deflt.json), the third is of Zeek's own tests.
func TestTCP(t *testing.T) {
	for _, test := range []struct{ a, b, want string }{
		{"128.232.110.120:34855", "66.35.250.204:80", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"[2001:470:e5bf:dead:4957:2174:e82c:4887]:63943", "[2607:f8b0:400c:c03::1a]:25", "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
		{"1.2.3.4:1122", "5.6.7.8:3344", "1:wCb3OG7yAFWelaUydu0D+125CLM="},
		// A socket that serves both families sees IPv4 so; the wire does not.
		{"[::ffff:1.2.3.4]:1122", "5.6.7.8:3344", "1:wCb3OG7yAFWelaUydu0D+125CLM="},
		{"1.2.3.4:1122", "[2001:db8::1]:3344", ""},
	} {
		a, b := netip.MustParseAddrPort(test.a), netip.MustParseAddrPort(test.b)
		if got := TCP(a, b); got != test.want {
			t.Errorf("%s to %s: %s, want %s", a, b, got, test.want)
		}
		if got := TCP(b, a); got != test.want {
			t.Errorf("%s to %s: %s, want %s", b, a, got, test.want)
		}
		if len(test.want) != 0 && len(test.want) != Length {
			t.Errorf("length %d", len(test.want))
		}
	}
}

// TestOneAddress: on one address the lower port goes first.
func TestOneAddress(t *testing.T) {
	a, b := netip.MustParseAddrPort("127.0.0.1:80"), netip.MustParseAddrPort("127.0.0.1:40000")
	if one, other := TCP(a, b), TCP(b, a); one != other || one == "" {
		t.Errorf("%s one way, %s the other", one, other)
	}
}

// TestZone: a zone is this machine's name for a link, and not on the wire.
func TestZone(t *testing.T) {
	a, zoned := netip.MustParseAddrPort("[fe80::1]:80"), netip.MustParseAddrPort("[fe80::1%eth0]:80")
	b := netip.MustParseAddrPort("[fe80::2]:40000")
	if TCP(a, b) != TCP(zoned, b) || TCP(a, b) != TCP(b, zoned) {
		t.Errorf("%s, with a zone %s", TCP(a, b), TCP(zoned, b))
	}
}

func TestUnknown(t *testing.T) {
	known := netip.MustParseAddrPort("1.2.3.4:5")
	for _, ends := range [][2]netip.AddrPort{{}, {known}, {1: known}} {
		if got := TCP(ends[0], ends[1]); got != "" {
			t.Errorf("%v: %s", ends, got)
		}
	}
}

func BenchmarkTCP(b *testing.B) {
	for name, ends := range map[string][2]string{
		"IPv4": {"128.232.110.120:34855", "66.35.250.204:80"},
		"IPv6": {"[2001:470:e5bf:dead:4957:2174:e82c:4887]:63943", "[2607:f8b0:400c:c03::1a]:25"},
	} {
		b.Run(name, func(b *testing.B) {
			from, to := netip.MustParseAddrPort(ends[0]), netip.MustParseAddrPort(ends[1])
			b.ReportAllocs()
			for b.Loop() {
				TCP(from, to)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/event")
			b.ReportMetric(0, "ns/op")
		})
	}
}
