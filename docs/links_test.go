package docs

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// linkedPages are those whose links and paths are checked: all pages, also the
// generated ones.
func linkedPages(t *testing.T) map[string][]byte {
	t.Helper()
	return pagesOf(t, func([]byte) bool { return true })
}

var (
	codeBlock = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading   = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	codeSpan  = regexp.MustCompile("`([^`\n]+)`")
)

// TestLinks: every relative link leads to a file, and to a heading if it names one.
func TestLinks(t *testing.T) {
	count := 0
	for name, source := range linkedPages(t) {
		for _, match := range link.FindAllSubmatch(codeBlock.ReplaceAll(source, nil), -1) {
			target := string(match[1])
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			count++
			path, section, _ := strings.Cut(target, "#")
			file := filepath.Join(root, name)
			if path != "" {
				file = filepath.Join(root, filepath.Dir(name), filepath.FromSlash(path))
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: the link %s leads nowhere", name, target)
				continue
			}
			if section != "" && !slices.Contains(anchors(t, file), section) {
				t.Errorf("%s: the link %s names no heading of that page", name, target)
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d links were found", count)
	}
}

// anchors are the names of the headings of a page, as GitHub makes them.
func anchors(t *testing.T, file string) []string {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, match := range heading.FindAllSubmatch(codeBlock.ReplaceAll(source, nil), -1) {
		all = append(all, anchor(string(match[1])))
	}
	return all
}

var notInAnchors = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

func anchor(title string) string {
	return strings.ReplaceAll(notInAnchors.ReplaceAllString(strings.ToLower(title), ""), " ", "-")
}

func TestAnchor(t *testing.T) {
	for title, want := range map[string]string{
		"Plain words": "plain-words", "Removed, or only challenged?": "removed-or-only-challenged", "pkg/lab, internal/lab": "pkglab-internallab",
	} {
		if got := anchor(title); got != want {
			t.Errorf("%s: %s, want %s", title, got, want)
		}
	}
}

// pathInRepository is code that names a file or folder of the repository. A
// star stands for any characters. What is made by a run is not in the tree.
var pathInRepository = regexp.MustCompile(`^(bench|bpf|cmd|docs|headers|internal|pkg|test|tools)(/[\w.*-]+)+/?$`)

// madeByRuns are paths that are not committed, or not always.
var madeByRuns = []string{"docs/test-all.md", "docs/test-all"}

// TestPaths: every path in a page exists.
func TestPaths(t *testing.T) {
	count := 0
	for name, source := range linkedPages(t) {
		for _, match := range codeSpan.FindAllSubmatch(codeBlock.ReplaceAll(source, nil), -1) {
			path := string(match[1])
			if !pathInRepository.MatchString(path) || slices.Contains(madeByRuns, path) {
				continue
			}
			count++
			found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(path)))
			if err != nil || len(found) == 0 {
				t.Errorf("%s: there is no %s", name, path)
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d paths were found", count)
	}
}

var (
	nameInPackage = regexp.MustCompile(`^([a-z]+)\.([A-Z]\w*)`)
	nameOfTest    = regexp.MustCompile(`^(Test|Fuzz|Benchmark)[A-Z]\w*$`)
)

// TestNames: every exported name and every test that a page names exists.
func TestNames(t *testing.T) {
	exported, tests := declarations(t)
	count := 0
	for name, source := range linkedPages(t) {
		for _, match := range codeSpan.FindAllSubmatch(codeBlock.ReplaceAll(source, nil), -1) {
			words := string(match[1])
			found := nameInPackage.FindStringSubmatch(words)
			switch {
			case found != nil && exported[found[1]] != nil:
				if count++; !exported[found[1]][found[2]] {
					t.Errorf("%s: package %s has no %s", name, found[1], found[2])
				}
			case nameOfTest.MatchString(words):
				if count++; !tests[words] {
					t.Errorf("%s: there is no %s", name, words)
				}
			}
		}
	}
	if count < 5 {
		t.Errorf("only %d names were found", count)
	}
}

// declarations are the exported names of the packages, by the name of the
// package, and the tests of all.
func declarations(t *testing.T) (exported map[string]map[string]bool, tests map[string]bool) {
	t.Helper()
	exported, tests = map[string]map[string]bool{}, map[string]bool{}
	eachGoFile(t, func(_ string, file *ast.File) {
		of := exported[file.Name.Name]
		if of == nil {
			of = map[string]bool{}
			exported[file.Name.Name] = of
		}
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				of[d.Name.Name] = true
				if nameOfTest.MatchString(d.Name.Name) {
					tests[d.Name.Name] = true
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.TypeSpec:
						of[s.Name.Name] = true
					case *ast.ValueSpec:
						for _, name := range s.Names {
							of[name.Name] = true
						}
					}
				}
			}
		}
	})
	return exported, tests
}
