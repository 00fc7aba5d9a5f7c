package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/rsttrace/rsttrace/"

// What knows BPF, and what that is known by.
const (
	library = "github.com/cilium/ebpf"
	objects = module + "bpf"
	probe   = module + "internal/probe"
)

// TestImports checks the rules for imports in architecture.md. Tests may import
// more than the packages that they are about.
func TestImports(t *testing.T) {
	imports := importsByPackage(t)
	if len(imports) < 20 {
		t.Fatalf("only %d packages were found", len(imports))
	}
	for _, imported := range imports[module+"pkg/event"] {
		if strings.Contains(strings.Split(imported, "/")[0], ".") {
			t.Errorf("pkg/event imports %s, and may import the standard library only", imported)
		}
	}
	for _, rule := range []struct {
		imported string
		by       []string // and no others
	}{
		{library, []string{"bpf", "internal/probe", "bench"}},
		{objects, []string{"internal/probe"}},
		{"go.opentelemetry.io", nil},                    // for tests: it is megabytes
		{"github.com/prometheus/exporter-toolkit", nil}, // the same
		{probe, []string{"internal/tracing", "internal/selftest", "cmd/rsttrace", "bench", "tools/gendocs"}},
	} {
		for name, all := range imports {
			by := strings.TrimPrefix(name, module)
			if slices.ContainsFunc(all, within(rule.imported)) && !slices.Contains(rule.by, by) {
				t.Errorf("%s imports %s, which is for %s only", by, rule.imported, strings.Join(rule.by, ", "))
			}
		}
	}
	for name := range imports {
		inner := strings.TrimPrefix(name, module)
		if !slices.ContainsFunc([]string{"pkg/event", "pkg/cause", "pkg/filter", "pkg/finding", "internal/sink", "internal/source"}, func(part string) bool { return within(part)(inner) }) {
			continue
		}
		for _, hidden := range []string{library, objects, probe} {
			if reaches(imports, name, hidden) {
				t.Errorf("%s depends on %s, and should not know BPF", inner, hidden)
			}
		}
	}
}

// TestImportsAreFound: the rules would be kept by a search that finds nothing.
func TestImportsAreFound(t *testing.T) {
	imports := importsByPackage(t)
	for _, name := range []string{"cmd/rsttrace", "pkg/tracer"} {
		if !reaches(imports, module+name, library) {
			t.Errorf("%s does not depend on %s", name, library)
		}
	}
}

// within reports whether a package is a part of what a path names.
func within(path string) func(string) bool {
	return func(name string) bool { return name == path || strings.HasPrefix(name, path+"/") }
}

// reaches reports whether a package depends on another one.
func reaches(imports map[string][]string, from, to string) bool {
	seen := map[string]bool{}
	next := []string{from}
	for len(next) > 0 {
		name := next[len(next)-1]
		next = next[:len(next)-1]
		for _, imported := range imports[name] {
			if within(to)(imported) {
				return true
			}
			if !seen[imported] {
				seen[imported] = true
				next = append(next, imported)
			}
		}
	}
	return false
}

// importsByPackage lists what the packages of the repository import, without
// their tests, for all systems.
func importsByPackage(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string]map[string]bool{}
	eachGoFile(t, func(path string, file *ast.File) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		name := module + filepath.ToSlash(filepath.Dir(path))
		if found[name] == nil {
			found[name] = map[string]bool{}
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Error(err)
			}
			found[name][imported] = true
		}
	})
	imports := map[string][]string{}
	for name, all := range found {
		imports[name] = slices.Sorted(maps.Keys(all))
	}
	return imports
}

// eachGoFile parses the Go files of the repository, except test data. path is
// relative to its root.
func eachGoFile(t *testing.T, use func(path string, file *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || slices.Contains(skippedFolders, d.Name())) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if path, err = filepath.Rel(root, path); err == nil {
			use(path, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
