package tracing

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestShortCommand: it says what runs, and never a secret.
func TestShortCommand(t *testing.T) {
	for line, want := range map[string]string{
		"":                                 "",
		"nginx: worker process":            "nginx: worker process",
		"nginx: master process nginx -g x": "nginx: master process nginx",
		"python3 app.py --token s3cret":    "python3 app.py --token",
		"python3 -m http.server 8080":      "python3 -m http.server",
		"java -jar app.jar":                "java -jar app.jar",
		"java -Xmx512m -jar app.jar":       "java -X",
		"mysql -ps3cret shop":              "mysql -p",
		"mysql -p s3cret":                  "mysql -p",
		"redis-cli -a s3cret get x":        "redis-cli -a",
		"mysql --password=s3cret shop":     "mysql --password",
		"tool --password s3cret":           "tool --password",
		"env TOKEN=s3cret run":             "env",
		"curl https://me:s3cret@host/":     "curl",
		"sh -c echo s3cret":                "sh -c",
		"server config.yaml":               "server config.yaml",
		"-bash":                            "-bash",
	} {
		arguments := strings.ReplaceAll(line, " ", "\x00") + "\x00"
		if strings.HasPrefix(line, "nginx:") { // it wrote over its arguments
			arguments = line + "\x00\x00\x00"
		}
		if got := shortCommand([]byte(arguments)); got != want {
			t.Errorf("%q gave %q, want %q", line, got, want)
		}
	}
	long := shortCommand([]byte(strings.Repeat("\u00e9", commandBytes) + "\x00"))
	if len(long) != commandBytes || !utf8.ValidString(long) {
		t.Errorf("%d bytes, valid UTF-8: %t", len(long), utf8.ValidString(long))
	}
}
