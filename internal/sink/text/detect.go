package text

import (
	"os"
	"strings"

	"golang.org/x/term"
)

// Detect returns the Options for output to f: the size of the terminal, colours
// unless NO_COLOR or TERM=dumb forbids them, ASCII if the locale names another
// character set than UTF-8. For a file or a pipe it returns the zero value.
func Detect(f *os.File) Options {
	width, height, ok := Size(f)
	if !ok {
		return Options{}
	}
	return fromEnvironment(Options{Width: width, Height: height}, os.Getenv)
}

// Size returns columns and rows of the terminal f, for Resize after SIGWINCH.
// ok is false when f is no terminal. Terminals that do not know their size, as
// serial consoles, count as 80 by 24.
func Size(f *os.File) (width, height int, ok bool) {
	fd := int(f.Fd())
	if !term.IsTerminal(fd) {
		return 0, 0, false
	}
	width, height, err := term.GetSize(fd)
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24, true
	}
	return width, height, true
}

// fromEnvironment completes the options of a terminal.
func fromEnvironment(o Options, getenv func(string) string) Options {
	terminal := getenv("TERM")
	o.Color = getenv("NO_COLOR") == "" && terminal != "" && terminal != "dumb" // https://no-color.org
	o.ASCII = !isUTF8(getenv)
	return o
}

// isUTF8 reads the character set from the locale variables in the order of
// setlocale(3). Nothing set says nothing about the terminal: today's are UTF-8.
func isUTF8(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(getenv(name)); locale != "" {
			return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
		}
	}
	return true
}
