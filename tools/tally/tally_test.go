package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// goTestOutput is of packages that are tested at the same time.
const goTestOutput = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/one"}
{"Action":"pass","Package":"p","Test":"TestA/one"}
{"Action":"output","Package":"p","Test":"TestA/two","Output":"two is wrong\n"}
{"Action":"fail","Package":"p","Test":"TestA/two"}
{"Action":"pass","Package":"r","Test":"TestA"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"build-output","ImportPath":"q","Output":"syntax error\n"}
{"Action":"fail","Package":"q"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:7: no kprobes here\n"}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestC","Output":"noise\n"}
{"Action":"pass","Package":"p","Test":"TestC"}
{"Action":"pass","Package":"p","Test":"TestD/one"}
{"Action":"fail","Package":"p","Test":"TestD"}
{"Action":"fail","Package":"p","Elapsed":0.5}
{"Action":"output","Package":"r","Test":"TestB","Output":"panic: late\n"}
{"Action":"fail","Package":"r"}
{"Action":"skip","Package":"no-tests"}
`

func TestGoTest(t *testing.T) {
	var out strings.Builder
	got, err := readGoTest(strings.NewReader(goTestOutput), &out)
	if err != nil {
		t.Fatal(err)
	}
	want := results{
		{failed, "q", ""},
		{passed, "p TestA/one", ""}, {failed, "p TestA/two", ""}, {skipped, "p TestB", "no kprobes here"}, {passed, "p TestC", ""},
		{passed, "p TestD/one", ""}, {failed, "p TestD", ""},
		{passed, "r TestA", ""}, {failed, "r", ""},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	const printed = `syntax error
fail  q 0.0s
two is wrong
fail  p 0.5s
skip  1: no kprobes here
panic: late
fail  r 0.0s
none  no-tests 0.0s
`
	if diff := cmp.Diff(printed, out.String()); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
}

// TestGoTestRepeated: with -count a test ends several times. It counts once, and
// fails if it did so once.
func TestGoTestRepeated(t *testing.T) {
	const repeated = `{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"fail","Package":"p"}
`
	var out strings.Builder
	got, err := readGoTest(strings.NewReader(repeated), &out)
	if err != nil {
		t.Fatal(err)
	}
	want := results{{failed, "p TestA", ""}, {passed, "p TestB", ""}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestTotal(t *testing.T) {
	dir := t.TempDir()
	write := func(path, text string) {
		t.Helper()
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("unit/go.tally", "pass p TestA\nfail p TestB\n")
	write("vm-tests/6.1-fentry.json", `[{"scenario":"refused","family":"ipv4","status":"pass"},
		{"scenario":"half-open","family":"ipv4","status":"limited"},
		{"scenario":"orphan-limit","family":"ipv6","status":"skipped","reason":"changes the host"}]`)
	write("vm-tests/6.1.log", "anything")
	var out strings.Builder
	ok, err := total(dir, []string{"unit", "vm-tests"}, &out)
	if err != nil {
		t.Fatal(err)
	}
	if ok {
		t.Error("a failure passed for success")
	}
	const want = `skip vm-tests 6.1-fentry: orphan-limit ipv6: changes the host
fail p TestB
fail make vm-tests
3 passed, 2 failed, 1 skipped
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestBrief(t *testing.T) {
	dir := t.TempDir()
	rs := results{
		{passed, "p TestA", ""}, {skipped, "p TestB", "needs root: BPF"}, {skipped, "p TestC", "needs root: BPF"},
		{skipped, "lint-c", "no clang-format"}, {failed, "p TestD", ""}, {skipped, "p TestE", ""},
	}
	if err := rs.save(filepath.Join(dir, "unit", "go.tally")); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	ok, err := brief(dir, []string{"unit"}, &out)
	if err != nil || ok {
		t.Errorf("ok %v, %v: a failure passed for success", ok, err)
	}
	const want = `skip  2: needs root: BPF
skip  1: no clang-format
skip  1: no reason given
fail p TestD
1 passed, 1 failed, 4 skipped
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestStep(t *testing.T) {
	for _, c := range []struct {
		command string
		want    result
	}{
		{"true", result{passed, "name", ""}},
		{"false", result{failed, "name", ""}},
		{"echo one >&2; echo no compiler >&2; exit 77", result{skipped, "name", "no compiler"}},
	} {
		dir := t.TempDir()
		ok, err := step(dir, "name", []string{"sh", "-c", c.command})
		if err != nil || ok != (c.want.outcome != failed) {
			t.Errorf("%s: %v, %v", c.command, ok, err)
		}
		got, err := load(filepath.Join(dir, "name.tally"))
		if err != nil || len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: %v, %v", c.command, got, err)
		}
	}
}
