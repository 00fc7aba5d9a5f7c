package filter

import "strings"

// splitList splits the value of a flag at its commas. A comma after a backslash
// belongs to a name: "a\,b,c" gives "a,b" and "c". Any other backslash is itself,
// as in the unit dev-disk-by\x2dlabel.swap. Blanks beside a comma that separates
// do not count.
func splitList(value string) []string {
	const blanks = " \t"
	var parts []string
	var part strings.Builder
	for {
		before, after, found := strings.Cut(value, ",")
		if found && strings.HasSuffix(before, `\`) {
			part.WriteString(strings.TrimSuffix(before, `\`))
			part.WriteByte(',')
			value = after
			continue
		}
		part.WriteString(before)
		text := part.String()
		if len(parts) > 0 {
			text = strings.TrimLeft(text, blanks)
		}
		if !found {
			return append(parts, text)
		}
		parts = append(parts, strings.TrimRight(text, blanks))
		part.Reset()
		value = after
	}
}
