package yamlflags

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/rsttrace/rsttrace/internal/nearest"
)

// keyAnnotation is on a flag that has another name in the file.
const keyAnnotation = "rsttrace_key"

// SetKey gives a flag another name in the file.
func SetKey(flag *pflag.Flag, key string) {
	if flag.Annotations == nil {
		flag.Annotations = make(map[string][]string)
	}
	flag.Annotations[keyAnnotation] = []string{key}
}

// Key is the name of a flag in the file.
func Key(flag *pflag.Flag) string {
	if keys := flag.Annotations[keyAnnotation]; len(keys) > 0 {
		return keys[0]
	}
	return flag.Name
}

// Apply sets flags. Those in given are not changed: they were set elsewhere, and what the
// file has for them need only be right. scratch is another set of the same flags, to try that.
func Apply(settings []Setting, to, scratch *pflag.FlagSet, given func(flag string) bool, without ...string) error {
	byKey := make(map[string]*pflag.Flag)
	var keys []string
	to.VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden {
			return
		}
		byKey[Key(flag)] = flag
		keys = append(keys, Key(flag))
	})
	for _, name := range without {
		delete(byKey, name)
	}
	for _, s := range settings {
		flag := byKey[s.Name]
		if flag == nil {
			return errorAt(s.Line, "%s", unknown(s.Name, keys, without))
		}
		set := to
		if given(flag.Name) {
			set = scratch
		}
		if err := setFlag(set, flag, s); err != nil {
			return err
		}
	}
	return nil
}

func unknown(name string, keys, without []string) string {
	for _, other := range without {
		if name == other {
			return fmt.Sprintf("%s is for the command line only", name)
		}
	}
	text := fmt.Sprintf("there is no setting %q", name)
	if near := nearest.Suggest(name, keys, nil); len(near) > 0 {
		text += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return text
}

func setFlag(set *pflag.FlagSet, flag *pflag.Flag, s Setting) error {
	if len(s.Values) > 1 && !repeats(flag) {
		return errorAt(s.Values[1].Line, "%s: it has one value, and no list", s.Name)
	}
	for _, value := range s.Values {
		if err := set.Set(flag.Name, value.Text); err != nil {
			return &Error{Line: value.Line, Err: fmt.Errorf("%s: %w", s.Name, reason(err, flag, value.Text))}
		}
	}
	return nil
}

// Repeated is a value of a flag that can be given several times.
type Repeated interface {
	pflag.Value
	Repeats()
}

func repeats(flag *pflag.Flag) bool {
	_, several := flag.Value.(Repeated)
	return several
}

// wanted says in plain words what the types of package pflag take.
var wanted = map[string]string{
	"bool": "want true or false", "int": "want a whole number", "uint32": "want a whole number, 0 or more", "uint64": "want a whole number, 0 or more",
	"duration": "want a time such as 10s or 5m",
}

// reason is what a flag says of its value. The words around it are about a command line.
func reason(err error, flag *pflag.Flag, value string) error {
	if invalid := (*pflag.InvalidValueError)(nil); errors.As(err, &invalid) {
		err = errors.Unwrap(invalid)
	}
	if words, known := wanted[flag.Value.Type()]; known {
		err = errors.New(words)
	}
	if strings.HasPrefix(value, "{") {
		return err
	}
	return fmt.Errorf("%q: %w", value, err)
}
