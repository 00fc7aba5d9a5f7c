package webconfig

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/crypto/bcrypt"
)

// config is what a file says.
type config struct {
	TLS   tlsConfig         `yaml:"tls_server_config"`
	HTTP  httpConfig        `yaml:"http_server_config"`
	Limit limitConfig       `yaml:"rate_limit"`
	Users map[string]string `yaml:"basic_auth_users"` // the bcrypt hashes of their passwords
}

type httpConfig struct {
	HTTP2   bool              `yaml:"http2"`
	Headers map[string]string `yaml:"headers"`
}

// limitConfig lets burst requests through at once, and one more in each interval.
type limitConfig struct {
	Burst    int      `yaml:"burst"`
	Interval duration `yaml:"interval"`
}

// duration is a time such as 10s, or a number of nanoseconds.
type duration time.Duration

// UnmarshalYAML is part of yaml.Unmarshaler.
func (d *duration) UnmarshalYAML(node *yaml.Node) error {
	if node.Tag == "!!int" {
		return node.Decode((*int64)(d))
	}
	return node.Decode((*time.Duration)(d))
}

// parse reads a file whose relative paths are below dir, and all files that it names.
func parse(content []byte, dir string) (*config, error) {
	c := &config{HTTP: httpConfig{HTTP2: true}, TLS: tlsConfig{MinVersion: tls12, MaxVersion: tls13}}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return nil, inPlainWords(err)
	}
	c.TLS.dir = dir
	if err := c.checkHeaders(); err != nil {
		return nil, err
	}
	for user, hash := range c.Users {
		if _, err := bcrypt.Cost([]byte(hash)); err != nil {
			return nil, fmt.Errorf("basic_auth_users: %s: want the bcrypt hash of the password, as htpasswd -nB prints it: %w", user, err)
		}
	}
	if c.TLS.wanted() {
		if _, err := c.TLS.load(); err != nil {
			return nil, fmt.Errorf("tls_server_config: %w", err)
		}
	}
	return c, nil
}

// unknownKey is how the library names a key that is not there.
var unknownKey = regexp.MustCompile(`field (\S+) not found in type \S+`)

// inPlainWords makes one line of what the library says.
func inPlainWords(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	text = strings.TrimPrefix(text, "unmarshal errors:\n")
	text = unknownKey.ReplaceAllString(text, "there is no key $1")
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return errors.New(strings.Join(lines, "; "))
}

// headersTaken are the headers that can be set, with the values that they may have; none:
// any value.
var headersTaken = map[string][]string{
	"Strict-Transport-Security": nil,
	"X-Content-Type-Options":    {"nosniff"},
	"X-Frame-Options":           {"deny", "sameorigin"},
	"X-XSS-Protection":          nil,
	"Content-Security-Policy":   nil,
}

func (c *config) checkHeaders() error {
	for name, value := range c.HTTP.Headers {
		values, known := headersTaken[name]
		if !known {
			return fmt.Errorf("http_server_config: headers: %s cannot be set", name)
		}
		if len(values) > 0 && !slices.Contains(values, value) {
			return fmt.Errorf("http_server_config: headers: %s: %q: want %s", name, value, strings.Join(values, " or "))
		}
	}
	return nil
}
