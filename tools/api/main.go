// Command api writes the exported names of the packages that others may import, a
// line each. With -check it compares them with the committed listing, so that a
// change of what is promised is seen in review. It fails if an exported name
// mentions a type of an internal package: others could not name that type.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"go/types"
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	check := flag.Bool("check", false, "compare with the listing instead of writing it")
	listing := flag.String("listing", "docs/api.txt", "the committed listing")
	flag.Parse()
	if err := run(*check, *listing, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "api:", err)
		os.Exit(1)
	}
}

func run(check bool, listing string, patterns []string) error {
	lines, err := exported(patterns)
	if err != nil {
		return err
	}
	text := []byte(strings.Join(lines, "\n") + "\n")
	if !check {
		return os.WriteFile(listing, text, 0o644)
	}
	committed, err := os.ReadFile(listing)
	if err != nil {
		return err
	}
	if bytes.Equal(committed, text) {
		return nil
	}
	before := strings.Split(strings.TrimSpace(string(committed)), "\n")
	for _, line := range before {
		if !slices.Contains(lines, line) {
			fmt.Println("-", line)
		}
	}
	for _, line := range lines {
		if !slices.Contains(before, line) {
			fmt.Println("+", line)
		}
	}
	return errors.New(listing + " differs from the code: if the change is meant, run make docs and say in the commit what users have to change")
}

// exported lists the exported names of packages.
func exported(patterns []string) ([]string, error) {
	found, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedTypes | packages.NeedSyntax | packages.NeedImports}, patterns...)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, p := range found {
		if len(p.Errors) > 0 {
			return nil, p.Errors[0]
		}
		of, err := ofPackage(p.Types)
		if err != nil {
			return nil, err
		}
		lines = append(lines, of...)
	}
	slices.Sort(lines)
	return lines, nil
}

// listing collects the lines of a package.
type listing struct {
	of      *types.Package
	lines   []string
	private []string // packages that the line at hand mentions
	leaks   []error
}

// name is how a line calls a package: its own names are bare.
func (l *listing) name(other *types.Package) string {
	if other == l.of {
		return ""
	}
	if strings.Contains("/"+other.Path()+"/", "/internal/") {
		l.private = append(l.private, other.Path())
	}
	return other.Name()
}

// add writes a line: format has one %s, for the object.
func (l *listing) add(format string, object types.Object) {
	l.private = nil
	line := l.of.Path() + ": " + fmt.Sprintf(format, types.ObjectString(object, l.name))
	l.lines = append(l.lines, line)
	for _, private := range l.private {
		l.leaks = append(l.leaks, fmt.Errorf("%s: mentions %s, which others cannot import", line, private))
	}
}

func ofPackage(p *types.Package) ([]string, error) {
	l := &listing{of: p}
	for _, name := range p.Scope().Names() {
		object := p.Scope().Lookup(name)
		if !object.Exported() {
			continue
		}
		typeName, isType := object.(*types.TypeName)
		structure, isStruct := object.Type().Underlying().(*types.Struct)
		switch {
		case !isType:
			l.add("%s", object)
			continue
		case isStruct && !typeName.IsAlias():
			l.lines = append(l.lines, fmt.Sprintf("%s: type %s struct", p.Path(), name))
			for field := range structure.Fields() {
				if field.Exported() {
					l.add("type "+name+" struct, %s", field)
				}
			}
		default:
			l.add("%s", object)
		}
		methods := types.NewMethodSet(types.NewPointer(object.Type()))
		for method := range methods.Methods() {
			if method.Obj().Exported() {
				l.add("type "+name+", %s", method.Obj())
			}
		}
	}
	return l.lines, errors.Join(l.leaks...)
}
