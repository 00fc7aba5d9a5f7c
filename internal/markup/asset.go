package markup

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// Asset is a style sheet or a script that the program brings with it.
type Asset struct{ text, hash string }

// NewAsset takes the text of a file that is part of the program. It panics if the text
// would end its own element.
func NewAsset(text string) Asset {
	lower := strings.ToLower(text)
	for _, ends := range []string{"</script", "</style", "<!--", "<script"} {
		if strings.Contains(lower, ends) {
			panic("markup: an asset has " + ends)
		}
	}
	sum := sha256.Sum256([]byte(text))
	return Asset{text, "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"}
}

// policy is what a browser allows the page: its own style and script, no request.
func policy(style, script Asset) string {
	return "default-src 'none'; style-src " + style.hash + "; script-src " + script.hash + "; base-uri 'none'; form-action 'none'"
}
