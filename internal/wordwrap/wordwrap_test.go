package wordwrap

import (
	"slices"
	"strings"
	"testing"
)

func TestPieces(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "",
		"  ":                                  "",
		"one two":                             "one|two",
		" one  two ":                          "one|two",
		"closed with 1 448 unread bytes":      "closed|with|1 448 unread|bytes",
		"lost: 1 234 567 bytes, and more":     "lost:|1 234 567 bytes,|and|more",
		"seq is 1 042, ack 7":                 "seq|is|1 042,|ack|7",
		"after (12 ms) of":                    "after|(12 ms)|of",
		"1.5 s ago":                           "1.5 s|ago",
		"100 % of it":                         "100 %|of|it",
		"numbers 12 34 56":                    "numbers|12|34|56",
		"10.0.0.1:80 and 10.0.0.2":            "10.0.0.1:80|and|10.0.0.2",
		"RFC 9293 says":                       "RFC|9293 says",
		"tcp_reset 5 times":                   "tcp_reset|5 times",
		"see 12":                              "see|12",
		"to port 22 with a RST":               "to|port|22|with|a|RST",
		"a word that ends in 4 digits1 there": "a|word|that|ends|in|4 digits1|there",
	} {
		if got := strings.Join(slices.Collect(Pieces(text)), "|"); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// TestPiecesStop: who has enough gets no more.
func TestPiecesStop(t *testing.T) {
	for range Pieces("one two three") {
		return
	}
}

// FuzzPieces: nothing is lost but spaces.
func FuzzPieces(f *testing.F) {
	f.Add("1 448 bytes, and 12 ms")
	f.Fuzz(func(t *testing.T, text string) {
		pieces := slices.Collect(Pieces(text))
		strip := func(s string) string { return strings.NewReplacer(" ", "", "\t", "", "\n", "").Replace(s) }
		if got := strip(strings.Join(pieces, "")); got != strip(strings.TrimSpace(text)) {
			t.Errorf("%q became %q", text, pieces)
		}
	})
}
