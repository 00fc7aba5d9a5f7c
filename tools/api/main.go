// Command api writes the exported names of the packages that others may import, a
// line each. With -check it compares them with the committed listing, so that a
// change of what is promised is seen in review.
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
	found, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedTypes | packages.NeedImports | packages.NeedDeps}, patterns...)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, p := range found {
		if len(p.Errors) > 0 {
			return nil, p.Errors[0]
		}
		lines = append(lines, ofPackage(p.Types)...)
	}
	slices.Sort(lines)
	return lines, nil
}

func ofPackage(p *types.Package) (lines []string) {
	named := func(other *types.Package) string { // names of the package itself are bare
		if other == p {
			return ""
		}
		return other.Name()
	}
	add := func(object types.Object) {
		lines = append(lines, fmt.Sprintf("%s: %s", p.Path(), types.ObjectString(object, named)))
	}
	for _, name := range p.Scope().Names() {
		object := p.Scope().Lookup(name)
		if !object.Exported() {
			continue
		}
		typeName, isType := object.(*types.TypeName)
		structure, isStruct := object.Type().Underlying().(*types.Struct)
		switch {
		case !isType:
			add(object)
			continue
		case isStruct && !typeName.IsAlias():
			lines = append(lines, fmt.Sprintf("%s: type %s struct", p.Path(), name))
			for field := range structure.Fields() {
				if field.Exported() {
					lines = append(lines, fmt.Sprintf("%s: type %s struct, %s", p.Path(), name, types.ObjectString(field, named)))
				}
			}
		default:
			add(object)
		}
		methods := types.NewMethodSet(types.NewPointer(object.Type()))
		for method := range methods.Methods() {
			if method.Obj().Exported() {
				lines = append(lines, fmt.Sprintf("%s: type %s, %s", p.Path(), name, types.ObjectString(method.Obj(), named)))
			}
		}
	}
	return lines
}
