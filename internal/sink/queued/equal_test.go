package queued

import (
	"net/netip"

	"github.com/google/go-cmp/cmp"
)

// equal compares addresses as values.
var equal = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
