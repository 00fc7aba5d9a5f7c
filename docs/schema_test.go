// Package docs holds the documentation; its tests hold it against the code.
package docs

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestSchemaIsComplete: every JSON field of an event is in a table of
// event-schema.md, and every field in a table exists.
func TestSchemaIsComplete(t *testing.T) {
	documented := documentedFields(t)
	actual := []string{"kind"} // which Event itself does not need
	for _, path := range jsonFields(reflect.TypeFor[event.Event](), "") {
		// The two segments share a table, and so do the calls.
		if !strings.HasPrefix(path, "trigger.") && !strings.HasPrefix(path, "app.then.") {
			actual = append(actual, path)
		}
	}
	for _, path := range actual {
		if !slices.Contains(documented, path) {
			t.Errorf("event-schema.md does not have %s", path)
		}
	}
	for _, path := range documented {
		if !slices.Contains(actual, path) {
			t.Errorf("event-schema.md has %s, which no event has", path)
		}
	}
}

// TestFindingsAreComplete: the same for findings. Owners have a table of their own, and
// both sides and all counts of different values look alike.
func TestFindingsAreComplete(t *testing.T) {
	_, rest, found := strings.Cut(schemaPage(t), "\n### Finding\n")
	if !found {
		t.Fatal("event-schema.md has no section about findings")
	}
	section, _, _ := strings.Cut(rest, "\n### ")
	documented := firstCells(section)
	for _, path := range jsonFields(reflect.TypeFor[event.Finding](), "") {
		parent, _, inner := strings.Cut(path, ".")
		switch {
		case path == "time", parent == "lost" && inner, strings.Contains(path, ".owner."), strings.Contains(path, ".pids."):
		case inner && slices.Contains([]string{"local", "peer", "server", "netns", "by"}, parent):
		case !slices.Contains(documented, path):
			t.Errorf("event-schema.md does not have %s", path)
		}
	}
	actual := jsonFields(reflect.TypeFor[event.Finding](), "")
	for _, path := range documented {
		if !slices.Contains(actual, path) {
			t.Errorf("event-schema.md has %s, which no finding has", path)
		}
	}
}

// TestSchemaExample: the example is an event, in fields that exist.
func TestSchemaExample(t *testing.T) {
	_, rest, found := strings.Cut(schemaPage(t), "```json\n")
	if !found {
		t.Fatal("event-schema.md has no example")
	}
	line, _, _ := strings.Cut(rest, "\n")
	decoder := json.NewDecoder(bytes.NewReader([]byte(line)))
	decoder.DisallowUnknownFields()
	var e struct {
		Kind event.Kind `json:"kind"`
		event.Event
	}
	if err := decoder.Decode(&e); err != nil {
		t.Fatal(err)
	}
	if e.Schema != event.SchemaVersion || e.Kind != event.KindEvent || e.Cause == "" {
		t.Errorf("the example has schema %d, kind %q and cause %q", e.Schema, e.Kind, e.Cause)
	}
}

func schemaPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("event-schema.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

var (
	codeInFirstCell = regexp.MustCompile("(?m)^\\| (`[^|]*`) \\|")
	code            = regexp.MustCompile("`([^`]+)`")
)

// documentedFields lists the names in the first column of the tables of events.
func documentedFields(t *testing.T) []string {
	t.Helper()
	events, _, found := strings.Cut(schemaPage(t), "\n## Other lines\n")
	if !found {
		t.Fatal("event-schema.md has no section about other lines")
	}
	return firstCells(events)
}

// firstCells are the names in the first column of tables.
func firstCells(text string) (fields []string) {
	for _, row := range codeInFirstCell.FindAllStringSubmatch(text, -1) {
		for _, name := range code.FindAllStringSubmatch(row[1], -1) {
			fields = append(fields, name[1])
		}
	}
	return fields
}

// jsonFields lists the paths of all JSON fields of a struct type.
func jsonFields(structure reflect.Type, prefix string) []string {
	var paths []string
	for i := range structure.NumField() {
		field := structure.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			paths = append(paths, jsonFields(field.Type, prefix)...)
			continue
		}
		if name == "-" || name == "" {
			continue
		}
		paths = append(paths, prefix+name)
		inner := field.Type
		for inner.Kind() == reflect.Slice || inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && inner.PkgPath() == structure.PkgPath() {
			paths = append(paths, jsonFields(inner, prefix+name+".")...)
		}
	}
	return paths
}
