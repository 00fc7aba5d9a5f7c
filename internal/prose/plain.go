package prose

import "strings"

// Plain returns the prose of a text without markup. Paragraphs have an empty
// line between them.
func Plain(text string) []Text {
	var texts []Text
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		if p := strings.Join(strings.Fields(paragraph), " "); p != "" {
			texts = append(texts, Text{Prose: p})
		}
	}
	return texts
}
