package sockdiag

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// TestRequest holds the request against the layout of linux/inet_diag.h, as
// little-endian machines send it.
func TestRequest(t *testing.T) {
	const want = "48000000" + "1500" + "0500" + "0000000000000000" + // header
		"0a060000" + "ffffffff" + // family, protocol, states
		"1f90" + "9c40" + "fd770000000000000000000000000001" + "fd770000000000000000000000000002" +
		"00000000" + "ffffffffffffffff" // device, cookie
	got := request(netip.MustParseAddrPort("[fd77::1]:8080"), netip.MustParseAddrPort("[fd77::2]:40000"))
	if hex.EncodeToString(got) != want {
		t.Errorf("got  %x\nwant %s", got, want)
	}
	if n := len(request(netip.MustParseAddrPort("10.0.0.1:80"), netip.AddrPort{})); n != requestBytes {
		t.Errorf("for a listener: %d bytes, want %d", n, requestBytes)
	}
}

func TestVerdict(t *testing.T) {
	answer := func(code int32) []byte {
		b := make([]byte, unix.NLMSG_HDRLEN+4)
		b[4], b[16], b[17], b[18], b[19] = unix.NLMSG_ERROR, byte(code), byte(code>>8), byte(code>>16), byte(code>>24)
		return b
	}
	if err := verdict(answer(0)); err != nil {
		t.Error(err)
	}
	if err := verdict(answer(-int32(unix.ENOENT))); !errors.Is(err, unix.ENOENT) {
		t.Errorf("got %v", err)
	}
	for _, short := range [][]byte{nil, answer(0)[:10], make([]byte, 40)} {
		if verdict(short) == nil {
			t.Errorf("% x was taken for a yes", short)
		}
	}
}
