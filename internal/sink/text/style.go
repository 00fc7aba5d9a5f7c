package text

// palette holds the escape sequence that starts each style; the zero value
// writes no sequences at all. Only the eight basic colours are used, which
// every theme, dark or light, keeps readable, and nothing is told by colour
// alone.
type palette struct {
	sent, received, ignored string
	cause, errno, alarm     string
	remedy, faint           string
}

var ansi = palette{
	sent:     "\x1b[35m",
	received: "\x1b[36m",
	ignored:  "\x1b[2m",
	cause:    "\x1b[1m",
	errno:    "\x1b[31m",
	alarm:    "\x1b[1;31m",
	remedy:   "\x1b[32m",
	faint:    "\x1b[2m",
}

// reset ends every style.
const reset = "\x1b[0m"

// glyphs are the characters beyond ASCII.
type glyphs struct {
	right, left string // the way of the RST: right is towards the peer
	more        string // the line goes on with an earlier event
	micros      string
}

var (
	unicodeGlyphs = glyphs{right: "→", left: "←", more: "…", micros: "µs"}
	asciiGlyphs   = glyphs{right: "->", left: "<-", more: "...", micros: "us"}
)
