package markup

import (
	"strings"

	"github.com/rsttrace/rsttrace/internal/printable"
)

// escapes are the characters that mean something in text or in a quoted value.
var escapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

// Escaped is a text as it is written into a page: printable, without meaning as markup,
// and with numbers that no line break divides.
func Escaped(text string) string { return unbroken(escapes.Replace(printable.Text(text))) }

const unbreakable = "\u00a0"

// unbroken binds the groups of three digits of a number: "124 057".
func unbroken(text string) string {
	var out []byte
	kept := 0
	for i := 1; i+3 < len(text); i++ {
		if text[i] != ' ' || !digit(text[i-1]) || !digits(text[i+1:i+4]) || i+4 < len(text) && digit(text[i+4]) {
			continue
		}
		out = append(append(out, text[kept:i]...), unbreakable...)
		kept = i + 1
	}
	if kept == 0 {
		return text
	}
	return string(append(out, text[kept:]...))
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func digits(text string) bool {
	for i := range len(text) {
		if !digit(text[i]) {
			return false
		}
	}
	return true
}
