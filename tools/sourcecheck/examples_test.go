package sourcecheck

import (
	"go/ast"
	"go/doc"
	"path/filepath"
	"strings"
	"testing"
)

// exampleMax is how many lines an example has at most, with its output: what is
// longer nobody copies.
const exampleMax = 30

// runs says which packages of pkg have examples that go test runs. The examples of
// the others need root: they are compiled.
var runs = map[string]bool{"event": true, "filter": true, "cause": true, "finding": true, "tracer": false, "lab": false}

// TestExamples: every package that others may import has short examples.
func TestExamples(t *testing.T) {
	compared := make(map[string]int)
	all := make(map[string]int)
	s := load(t)
	for _, p := range s.packages {
		inside, err := filepath.Rel(filepath.Join(root, "pkg"), p.folder)
		if err != nil || strings.HasPrefix(inside, "..") {
			continue
		}
		all[inside] += 0
		for _, file := range p.files {
			for _, example := range doc.Examples(file) {
				all[inside]++
				if example.Output != "" {
					compared[inside]++
				}
				if lines := linesOf(p, file, "Example"+example.Name); lines > exampleMax {
					t.Errorf("Example%s of %s has %d lines, want at most %d", example.Name, p.name, lines, exampleMax)
				}
			}
		}
	}
	for folder, examples := range all {
		run, known := runs[folder]
		switch {
		case !known:
			t.Errorf("pkg/%s is not in the table of packages with examples", folder)
		case examples == 0, run && compared[folder] == 0:
			t.Errorf("pkg/%s has %d examples, %d with output", folder, examples, compared[folder])
		}
	}
	if compared["event"] < 3 {
		t.Errorf("pkg/event: to count by container, to call a webhook and to replay a recording are examples: there are %d", compared["event"])
	}
}

// linesOf counts the lines of a function.
func linesOf(p *goPackage, file *ast.File, name string) int {
	for _, declared := range file.Decls {
		if function, ok := declared.(*ast.FuncDecl); ok && function.Name.Name == name {
			return p.set.Position(function.Body.Rbrace).Line - p.set.Position(function.Body.Lbrace).Line - 1
		}
	}
	return 0
}
