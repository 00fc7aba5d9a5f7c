package otlp

import (
	"errors"
	"net/url"
	"strings"
)

// ParsePairs reads headers, or attributes of the resource, as the variables
// OTEL_EXPORTER_OTLP_HEADERS and OTEL_RESOURCE_ATTRIBUTES have them: name=value,name=value
// with values as in URLs. The error repeats no value: it may be a secret.
func ParsePairs(text string) (map[string]string, error) {
	pairs := make(map[string]string)
	for part := range strings.SplitSeq(text, ",") {
		name, value, found := strings.Cut(part, "=")
		name = strings.TrimSpace(name)
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !found || name == "" || err != nil {
			return nil, errors.New("want name=value, with commas between several, and %20 for a blank: Authorization=Bearer%20TOKEN")
		}
		pairs[name] = value
	}
	return pairs, nil
}
