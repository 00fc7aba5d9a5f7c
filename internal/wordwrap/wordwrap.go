// Package wordwrap says where a line of text may break: between words, and never
// inside a number, nor between a number and what it counts.
//
// The trap to avoid: numbers of more than three digits have spaces. Split at each
// space, "1 448 bytes" reads as 1 at the end of a line.
package wordwrap

import (
	"iter"
	"slices"
	"strings"
)

// Pieces returns the parts of text between which a line may break. "1 448 bytes" is
// one piece. A piece has no space at its ends, and refers to text.
func Pieces(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for rest := strings.TrimSpace(text); rest != ""; {
			end := pieceEnd(rest)
			if !yield(rest[:end]) {
				return
			}
			rest = strings.TrimLeft(rest[end:], " \t\n")
		}
	}
}

// joiners are words that are never counted: a line may break between "port 22" and
// "with".
var joiners = strings.Fields("and or in of with to from on at by is was are were has had the a")

// pieceEnd is where the first piece of text ends. text begins with a word.
func pieceEnd(text string) int {
	end := wordEnd(text, 0)
	for word := text[:end]; isNumber(word); {
		next := skipSpace(text, end)
		if next == len(text) {
			break
		}
		nextEnd := wordEnd(text, next)
		word = text[next:nextEnd]
		if isDigit(word[0]) && !isGroup(word) || slices.Contains(joiners, word) {
			break // another number, or the sentence goes on
		}
		end = nextEnd
	}
	return end
}

func wordEnd(text string, start int) int {
	if n := strings.IndexAny(text[start:], " \t\n"); n >= 0 {
		return start + n
	}
	return len(text)
}

func skipSpace(text string, start int) int {
	return len(text) - len(strings.TrimLeft(text[start:], " \t\n"))
}

// isNumber reports whether a word is a number, or the first part of one, with
// nothing behind it: 12, (12, -1.5.
func isNumber(word string) bool {
	word = strings.TrimLeft(word, "([\"+-~<>≥≤")
	if word == "" || !isDigit(word[0]) || !isDigit(word[len(word)-1]) {
		return false
	}
	return strings.Trim(word, "0123456789.") == ""
}

// isGroup reports whether a word begins with a group of three digits and has no
// further ones: 448 and 448,.
func isGroup(word string) bool {
	digits := 0
	for digits < len(word) && isDigit(word[digits]) {
		digits++
	}
	return digits == 3
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
