package yamlflags

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Setting is a key of the file with its values.
type Setting struct {
	Name   string // of the flag
	Values []Value
	Line   int
}

// Value is one value of a flag.
type Value struct {
	Text string
	Line int
}

// Error is a mistake in a file.
type Error struct {
	Line int // from 1; 0: of the whole file
	Err  error
}

// Error names the line: "line 3: ...".
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Err.Error()
	}
	return fmt.Sprintf("line %d: %v", e.Line, e.Err)
}

// Unwrap returns the mistake itself.
func (e *Error) Unwrap() error { return e.Err }

func errorAt(line int, format string, args ...any) error {
	return &Error{Line: line, Err: fmt.Errorf(format, args...)}
}

// Parse reads a file. An empty one has no settings.
func Parse(content []byte) ([]Setting, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return nil, syntaxError(err)
	}
	if document.Kind == 0 || isNull(document.Content[0]) {
		return nil, nil
	}
	var found []Setting
	lines := make(map[string]int)
	if err := section("", document.Content[0], func(s Setting) error {
		if before := lines[s.Name]; before != 0 {
			return errorAt(s.Line, "%s: it is already in line %d; leave one out", s.Name, before)
		}
		lines[s.Name] = s.Line
		found = append(found, s)
		return nil
	}); err != nil {
		return nil, err
	}
	return found, nil
}

// syntaxLine is how the library names a line.
var syntaxLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

func syntaxError(err error) error {
	parts := syntaxLine.FindStringSubmatch(strings.ReplaceAll(err.Error(), "\n", " "))
	if parts == nil {
		return &Error{Err: err}
	}
	line, _ := strconv.Atoi(parts[1])
	return &Error{Line: line, Err: errors.New("this is no YAML: " + parts[2])}
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// section gives the settings of a map to yield.
func section(prefix string, n *yaml.Node, yield func(Setting) error) error {
	if n.Kind != yaml.MappingNode {
		return errorAt(n.Line, "want keys with values, such as max-rate: 1000")
	}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			return errorAt(key.Line, "want a word as the key, such as max-rate")
		}
		name := prefix + key.Value
		if value.Kind == yaml.MappingNode {
			if err := section(name+".", value, yield); err != nil {
				return err
			}
			continue
		}
		values, err := valuesOf(name, value)
		if err != nil {
			return err
		}
		if err := yield(Setting{Name: name, Values: values, Line: key.Line}); err != nil {
			return err
		}
	}
	return nil
}

func valuesOf(name string, n *yaml.Node) ([]Value, error) {
	if n.Kind != yaml.SequenceNode {
		value, err := valueOf(name, n)
		return []Value{value}, err
	}
	values := []Value{}
	for _, item := range n.Content {
		value, err := valueOf(name, item)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}

func valueOf(name string, n *yaml.Node) (Value, error) {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return Value{}, errorAt(n.Line, "%s: write the value itself: anchors and aliases are not read", name)
	case isNull(n):
		return Value{}, errorAt(n.Line, "%s: it has no value; leave it out for the default", name)
	case n.Kind == yaml.ScalarNode:
		return Value{Text: n.Value, Line: n.Line}, nil
	case n.Kind == yaml.SequenceNode:
		return Value{}, errorAt(n.Line, "%s: a list in a list; want one list", name)
	}
	n.Style = yaml.FlowStyle
	dropComments(n)
	text, err := yaml.Marshal(n)
	return Value{Text: strings.TrimSpace(string(text)), Line: n.Line}, err
}

// dropComments leaves the values of a node: in one line a comment would hide what follows.
func dropComments(n *yaml.Node) {
	n.HeadComment, n.LineComment, n.FootComment = "", "", ""
	for _, part := range n.Content {
		dropComments(part)
	}
}

// ParseMap reads one map of texts, as a flag takes it: {type: file, path: /var/log/x}. Its
// braces may be left out.
func ParseMap(text string) (map[string]string, error) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "{") {
		text = "{" + text + "}"
	}
	settings, err := Parse([]byte(text))
	if err != nil {
		var at *Error
		if errors.As(err, &at) {
			return nil, at.Err // it is one line
		}
		return nil, err
	}
	values := make(map[string]string, len(settings))
	for _, s := range settings {
		if len(s.Values) != 1 {
			return nil, fmt.Errorf("%s: want one value", s.Name)
		}
		values[s.Name] = s.Values[0].Text
	}
	return values, nil
}
