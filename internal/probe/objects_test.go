package probe

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

// privateMaps are the maps of an object that it does not share with the others:
// what is written there nobody else sees. Sections of the object file begin with a dot.
func privateMaps(object *ebpf.CollectionSpec, shared map[string]*ebpf.MapSpec) (private []string) {
	for name := range object.Maps {
		if shared[name] == nil && !strings.HasPrefix(name, ".") {
			private = append(private, name)
		}
	}
	return private
}

// ownAddress is a variable that each program needs for itself.
const ownAddress = "self_addr"

// variablesOf lists the programs of an object that refer to each of its variables.
// Constants are none. A program is loaded with variables of its own.
func variablesOf(object *ebpf.CollectionSpec) map[string][]string {
	found := make(map[string][]string)
	for section, spec := range object.Maps {
		variables, ok := spec.Value.(*btf.Datasec)
		if !ok || strings.HasPrefix(section, ".rodata") {
			continue
		}
		for _, v := range variables.Vars {
			name := v.Type.(*btf.Var).Name
			for _, p := range object.Programs {
				if slices.ContainsFunc(p.Instructions, func(ins asm.Instruction) bool {
					at := uint32(uint64(ins.Constant) >> 32)
					return ins.Reference() == section && at >= v.Offset && at < v.Offset+v.Size
				}) {
					found[name] = append(found[name], p.Name)
				}
			}
		}
	}
	return found
}

// TestNothingPrivate: without a map that all programs share, what one hook notes
// another does not find, and nothing says so. Neither does a variable in .bss reach
// another program.
func TestNothingPrivate(t *testing.T) {
	shared, err := sharedMaps(func(name object) (*ebpf.CollectionSpec, error) { return objectFiles[name]() })
	if err != nil {
		t.Fatal(err)
	}
	users := make(map[string][]string)
	for name, load := range objectFiles {
		object, err := load()
		if err != nil {
			t.Fatal(err)
		}
		for _, private := range privateMaps(object, shared) {
			t.Errorf("the map %s of the object %s is shared with no other: put the object into commonObjects, "+
				"or declare the map where one of these includes it", private, name)
		}
		for variable, programs := range variablesOf(object) {
			users[variable] = append(users[variable], programs...)
		}
	}
	for variable, programs := range users {
		if len(programs) > 1 && variable != ownAddress {
			t.Errorf("%q have a variable %s each, and none sees what another writes: it must be in a map", programs, variable)
		}
	}
	if len(users[ownAddress]) < 10 {
		t.Errorf("only %q refer to %s: references are no longer found", users[ownAddress], ownAddress)
	}
	lonely := &ebpf.CollectionSpec{Maps: map[string]*ebpf.MapSpec{".bss": {}, "ring": {}, "own": {}}}
	if got := privateMaps(lonely, shared); len(got) != 1 {
		t.Errorf("private maps: %q", got)
	}
}

// forTests are objects that no session loads.
var forTests = []string{"predicates"}

// TestEveryObject: none is forgotten here.
func TestEveryObject(t *testing.T) {
	paths, err := filepath.Glob("../../bpf/*_bpfel.go")
	if err != nil || len(paths) == 0 {
		t.Fatal("no generated sources", err)
	}
	loaders := make(map[string]bool)
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range file.Decls {
			function, ok := declared.(*ast.FuncDecl)
			if !ok || function.Recv != nil || strings.HasSuffix(function.Name.Name, "Objects") {
				continue
			}
			if name, ok := strings.CutPrefix(function.Name.Name, "Load"); ok {
				loaders[strings.ToLower(name)] = true
			}
		}
	}
	for name := range objectFiles {
		if !loaders[string(name)] {
			t.Errorf("package bpf loads no object %s", name)
		}
		delete(loaders, string(name))
	}
	for name := range loaders {
		if slices.Contains(forTests, name) {
			continue
		}
		t.Errorf("the object %s of package bpf is not in objectFiles", name)
	}
}
