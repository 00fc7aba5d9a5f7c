package sourcecheck

import (
	"go/ast"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// raceless are packages with something concurrent that the race detector does not run
// on.
var raceless = []string{
	"test/peers",   // starts other programs, and needs them
	"test/stories", // the same
}

// TestRaceRunsWhereverSomethingIsConcurrent: tools/race-packages reads text, this test
// reads Go: a go statement, a call of a method Go, or an import of sync.
func TestRaceRunsWhereverSomethingIsConcurrent(t *testing.T) {
	listed, err := exec.CommandContext(t.Context(), filepath.Join(root, "tools", "race-packages")).Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(listed))
	concurrent := 0
	for _, p := range load(t).packages {
		why := p.concurrency()
		folder := strings.TrimPrefix(filepath.ToSlash(p.folder), root+"/")
		if why == "" || slices.Contains(raceless, folder) {
			continue
		}
		concurrent++
		if !slices.Contains(packages, modulePath+"/"+folder) {
			t.Errorf("%s has %s, and make race leaves it out", folder, why)
		}
	}
	if concurrent == 0 {
		t.Error("no package has anything concurrent: nothing was read")
	}
}

const modulePath = "github.com/rsttrace/rsttrace"

// concurrency says what is concurrent in a package, or "".
func (p *goPackage) concurrency() (why string) {
	for _, file := range p.files {
		for _, i := range file.Imports {
			if path := strings.Trim(i.Path.Value, `"`); path == "sync" || strings.HasPrefix(path, "sync/") {
				why = "an import of " + path
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				why = "a go statement"
			case *ast.CallExpr:
				if selector, ok := n.Fun.(*ast.SelectorExpr); ok && (selector.Sel.Name == "Go" || selector.Sel.Name == "Parallel") && len(n.Args) < 2 {
					why = "a call of " + selector.Sel.Name
				}
			}
			return true
		})
	}
	return why
}
