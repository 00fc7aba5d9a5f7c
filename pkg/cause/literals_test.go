package cause_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestIDsAreConstants: no other package writes the id of a cause as a text where the
// constant can stand. A renamed id is then one change. Values of fields that are
// called Cause, and elements of lists of causes, are looked at.
func TestIDsAreConstants(t *testing.T) {
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "event" || d.Name() == "bin" || d.Name() == "results"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		return literals(path, func(where token.Position, id string) {
			t.Errorf("%s: %q: use the constant of package cause", where, id)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// literals finds texts that are ids of causes, where a cause is expected.
func literals(path string, found func(where token.Position, id string)) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, 0)
	if err != nil {
		return err
	}
	check := func(e ast.Expr) {
		literal, ok := e.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return
		}
		if id, err := strconv.Unquote(literal.Value); err == nil {
			if _, known := cause.Lookup(event.CauseID(id)); known {
				found(files.Position(literal.Pos()), id)
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Cause" {
				check(n.Value)
			}
		case *ast.CompositeLit:
			if list, ok := n.Type.(*ast.ArrayType); ok && isCauseID(list.Elt) {
				for _, element := range n.Elts {
					check(element)
				}
			}
		case *ast.BinaryExpr:
			if selector, ok := n.X.(*ast.SelectorExpr); ok && selector.Sel.Name == "Cause" {
				check(n.Y)
			}
		}
		return true
	})
	return nil
}

func isCauseID(e ast.Expr) bool {
	selector, ok := e.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == "CauseID"
}
