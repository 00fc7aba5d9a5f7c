package sourcecheck

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the folder of the repository.
const root = "../.."

// source is all Go code of the repository, and the words of the rest.
type source struct {
	packages         []*goPackage
	exportedAnywhere map[string]bool
	other            map[string]bool // words of C, headers, Make and shell
}

// goPackage is a folder with Go files.
type goPackage struct {
	name, folder string
	files        []*ast.File
	set          *token.FileSet
}

type comment struct {
	text     string
	pos      token.Pos
	of       string   // the function or type that it documents, or ""
	exported bool     // that is exported, and no test
	uses     []string // packages in the function's signature
}

func load(t *testing.T) *source {
	t.Helper()
	s := &source{exportedAnywhere: make(map[string]bool), other: make(map[string]bool)}
	byFolder := make(map[string]*goPackage)
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() {
			if name == ".git" || name == "bin" || strings.HasPrefix(name, "results") || name == "dist" || name == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		switch filepath.Ext(path) {
		case ".go":
			file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
			if err != nil {
				return err
			}
			folder := filepath.Dir(path)
			if byFolder[folder] == nil {
				byFolder[folder] = &goPackage{folder: folder, set: set}
				s.packages = append(s.packages, byFolder[folder])
			}
			p := byFolder[folder]
			p.files = append(p.files, file)
			p.name = strings.TrimSuffix(file.Name.Name, "_test")
		case ".c", ".h":
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, word := range word.FindAllString(string(text), -1) {
				s.other[word] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.packages) < 20 {
		t.Fatalf("only %d packages are found", len(s.packages))
	}
	for _, p := range s.packages {
		if p.name == "main" || strings.HasSuffix(p.folder, "bpf") {
			continue
		}
		for name := range p.exported() {
			s.exportedAnywhere[name] = true
		}
	}
	return s
}

var word = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)

// words are all identifiers of Go, the words in its strings, and those of C.
func (s *source) words() map[string]bool {
	words := make(map[string]bool)
	for name := range s.other {
		words[name] = true
	}
	for _, p := range s.packages {
		for _, file := range p.files {
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.Ident:
					words[n.Name] = true
				case *ast.BasicLit:
					for _, word := range word.FindAllString(n.Value, -1) {
						words[word] = true
					}
				}
				return true
			})
		}
	}
	return words
}

// exported are the names that a user of the package can write: exported ones, and
// fields and methods of exported types.
func (p *goPackage) exported() map[string]bool {
	names := make(map[string]bool)
	add := func(name string) {
		if ast.IsExported(name) {
			names[name] = true
		}
	}
	for _, file := range p.files {
		if strings.HasSuffix(p.set.Position(file.Pos()).Filename, "_test.go") {
			continue
		}
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil || ast.IsExported(receiver(d)) {
					add(d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch spec := spec.(type) {
					case *ast.ValueSpec:
						for _, name := range spec.Names {
							add(name.Name)
						}
					case *ast.TypeSpec:
						add(spec.Name.Name)
						if ast.IsExported(spec.Name.Name) {
							addMembers(spec.Type, add)
						}
					}
				}
			}
		}
	}
	return names
}

func receiver(d *ast.FuncDecl) string {
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if generic, ok := t.(*ast.IndexExpr); ok {
		t = generic.X
	}
	if name, ok := t.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

func addMembers(t ast.Expr, add func(string)) {
	var fields *ast.FieldList
	switch t := t.(type) {
	case *ast.StructType:
		fields = t.Fields
	case *ast.InterfaceType:
		fields = t.Methods
	default:
		return
	}
	for _, field := range fields.List {
		for _, name := range field.Names {
			add(name.Name)
		}
		if len(field.Names) == 0 { // embedded
			ast.Inspect(field.Type, func(n ast.Node) bool {
				if name, ok := n.(*ast.Ident); ok {
					add(name.Name)
				}
				return true
			})
		}
	}
}

// comments are all of them, except generated files.
func (p *goPackage) comments() (all []comment) {
	for _, file := range p.files {
		if ast.IsGenerated(file) {
			continue
		}
		isTest := strings.HasSuffix(p.set.Position(file.Pos()).Filename, "_test.go")
		docs := make(map[*ast.CommentGroup]comment)
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				exported := ast.IsExported(d.Name.Name) && (d.Recv == nil || ast.IsExported(receiver(d)))
				docs[d.Doc] = comment{of: d.Name.Name, exported: exported && !isTest, uses: packagesIn(d.Type)}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if t, ok := spec.(*ast.TypeSpec); ok && len(d.Specs) == 1 {
						docs[d.Doc] = comment{of: t.Name.Name, exported: ast.IsExported(t.Name.Name) && !isTest}
					}
				}
			}
		}
		for _, group := range file.Comments {
			c := docs[group]
			c.text, c.pos = group.Text(), group.Pos()
			all = append(all, c)
		}
	}
	return all
}

// packagesIn are the packages that a signature names.
func packagesIn(signature ast.Node) (names []string) {
	ast.Inspect(signature, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if name, ok := selector.X.(*ast.Ident); ok {
				names = append(names, name.Name)
			}
		}
		return true
	})
	return names
}

// exportedIn reports whether one of these packages has an exported name.
func (s *source) exportedIn(packages []string, name string) bool {
	return slices.ContainsFunc(s.packages, func(p *goPackage) bool {
		return slices.Contains(packages, p.name) && p.exported()[name]
	})
}

func (p *goPackage) position(pos token.Pos) string {
	position := p.set.Position(pos)
	return strings.TrimPrefix(position.Filename, root+"/") + ":" + position.String()[len(position.Filename)+1:]
}
