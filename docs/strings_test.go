package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/internal/prose"
)

// spoken are the packages whose strings people read: in events, in help, in
// messages and in the descriptions of scenarios.
var spoken = []string{"cmd/rsttrace", "internal/audit", "internal/cgroup", "internal/probe", "internal/selftest", "internal/sink", "internal/source/packets", "internal/wire", "pkg/cause", "pkg/filter", "pkg/finding", "pkg/lab"}

const (
	stringWords   = 4 // fewer are no prose: names, units, formats
	sentenceWords = 8 // fewer are no sentences
)

// TestStringsAreInPlainWords reads every string of these packages that has a few
// words. Whoever writes a new one need not list it anywhere.
func TestStringsAreInPlainWords(t *testing.T) {
	for _, folder := range spoken {
		t.Run(folder, func(t *testing.T) {
			var texts []prose.Text
			for _, s := range stringsIn(t, filepath.Join(root, folder)) {
				words := len(strings.Fields(s))
				if words < stringWords {
					continue
				}
				for _, text := range prose.Plain(s) {
					text.Fragment = words < sentenceWords
					texts = append(texts, text)
				}
			}
			prose.Require(t, stringsProse+folder, texts)
		})
	}
}

// stringsIn lists the strings of a folder and those below, without tests. Strings
// that are joined by a plus are one.
func stringsIn(t *testing.T, folder string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{"testdata", "internal"}, d.Name()) && path != folder {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, stringsOf(file)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func stringsOf(file *ast.File) []string {
	var all []string
	ast.Inspect(file, func(n ast.Node) bool {
		if _, imports := n.(*ast.ImportSpec); imports {
			return false
		}
		expression, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		text, ok := joined(expression)
		if ok {
			all = append(all, text)
		}
		return !ok
	})
	return all
}

// joined is a string, or a sum of strings and of what stands between them.
func joined(expression ast.Expr) (string, bool) {
	switch e := expression.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false
		}
		left, hasLeft := joined(e.X)
		right, hasRight := joined(e.Y)
		return left + right, hasLeft || hasRight
	}
	return "", false
}

func TestStringsOf(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "", `package p
import "fmt"
var a = map[string]string{"b": "c " + x + "d" + 'e'}
func f() { fmt.Sprint(`+"`g`"+`, 1 + 2) }`, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := stringsOf(file), []string{"b", "c d", "g"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
