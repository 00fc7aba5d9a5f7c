package text

// column is the width of one column of the head line. It grows as soon as a
// wider text comes, and shrinks when none has come for a while, so that a
// single long IPv6 address does not push everything to the right for ever.
type column struct {
	width  int
	limit  int // wider texts stick out and do not move the column
	widest int // of the events since the last change
	age    int // events since the last change
}

// forgetAfter is about one screen.
const forgetAfter = 40

// fit notes a text of n cells and returns the width to pad to.
func (c *column) fit(n int) int {
	if n <= c.limit {
		c.widest = max(c.widest, n)
	}
	c.age++
	switch {
	case n > c.width && n <= c.limit:
		c.width, c.widest, c.age = n, 0, 0
	case c.age >= forgetAfter:
		c.width, c.widest, c.age = c.widest, 0, 0
	}
	return c.width
}

// columns of the head line, after time and direction.
type columns struct {
	local, peer, cause, owner, errno column
}

// limit adapts the columns to the width of the terminal; 0 is no terminal.
func (c *columns) limit(width int) {
	const ipv4, ipv6 = len("255.255.255.255:65535"), len("[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:65535")
	address := ipv6
	if 0 < width && width < 160 {
		address = ipv4
	}
	*c = columns{
		local: column{limit: address, width: len("127.0.0.1:54321")},
		peer:  column{limit: address, width: len("127.0.0.1:54321")},
		cause: column{limit: len("disconnect-with-unsent-data"), width: len("wrote-after-peer-close")},
		owner: column{limit: len("postgres[1234567]"), width: len("nginx[12345]")},
		errno: column{limit: len("EPIPE+SIGPIPE")},
	}
}
