// Package prose checks that text is in plain words: the length of sentences is
// counted, and some phrases are forbidden. Tests use it for the pages, the help
// of the commands and the catalogue of causes.
//
//	prose.Require(t, "docs/testing.md", prose.Markdown(source))
package prose
