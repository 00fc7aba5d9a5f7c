package tracing

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	commandWords = 3  // the program and two arguments
	commandBytes = 80 // of them
)

// namesProgram are the options whose value says what runs, and is no secret.
var namesProgram = []string{"-jar", "-m"}

// shortCommand shortens /proc/PID/cmdline. What may be a secret is left out: the value
// of an option, all that follows an option which may take a value, and an address with
// a password.
func shortCommand(line []byte) string {
	words := strings.Split(string(bytes.TrimRight(line, "\x00")), "\x00")
	text, _, _ := strings.Cut(words[0], " -") // a process that names itself has all in one
	option := ""
	for _, word := range words[1:min(len(words), commandWords)] {
		if option != "" && !slices.Contains(namesProgram, option) || mayHaveSecret(word) {
			break
		}
		option = ""
		if strings.HasPrefix(word, "-") {
			word = optionName(word)
			option = word
		}
		text += " " + word
	}
	return cutText(text, commandBytes)
}

func mayHaveSecret(word string) bool {
	return strings.Contains(word, "=") && !strings.HasPrefix(word, "-") || strings.Contains(word, "@")
}

// optionName cuts the value off an option: --password=x, -px.
func optionName(word string) string {
	if name, _, cut := strings.Cut(word, "="); cut {
		word = name
	}
	if strings.HasPrefix(word, "--") || slices.Contains(namesProgram, word) || len(word) < 2 {
		return word
	}
	_, size := utf8.DecodeRuneInString(word[1:])
	return word[:1+size]
}

// cutText ends a text at a whole character.
func cutText(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}
