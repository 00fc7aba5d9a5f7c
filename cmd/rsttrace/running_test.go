package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// TestPrivilegesAreDropped looks at every thread of a running tracer, which has
// dropped them before it says that it is ready.
func TestPrivilegesAreDropped(t *testing.T) {
	for _, test := range []struct {
		args []string
		uid  string
	}{
		{nil, "0"},
		{[]string{"--user", "nobody"}, strconv.Itoa(nobody)},
		{[]string{"--user", "65432"}, "65432"}, // nobody has this number
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			address := ownAddress()
			p := start(t, received(address, append(test.args, "--count", "1")...)...)
			const want = 1<<cap.BPF | 1<<cap.PERFMON | 1<<cap.SYS_PTRACE
			kept := fmt.Sprintf("%016x", uint64(want))
			const none = "0000000000000000"
			user := strings.Repeat(test.uid+"\t", 3) + test.uid
			checkThreads(t, p.Process.Pid, map[string]string{
				"CapEff": kept, "CapPrm": kept, "CapInh": none, "CapBnd": none, "CapAmb": none, "NoNewPrivs": "1",
				"Uid": user, "Gid": user,
			})
			refuse(t, address) // and it still works
			if code := p.wait(t); code != exitFine {
				t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
			}
			checkRefused(t, p)
		})
	}
}

// checkThreads wants the same fields of status of all threads.
func checkThreads(t *testing.T, pid int, want map[string]string) {
	t.Helper()
	paths, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(paths) == 0 {
		t.Fatalf("threads of %d: %v, %v", pid, paths, err)
	}
	for _, path := range paths {
		for field, wanted := range want {
			if got := statusField(path, field); got != wanted {
				t.Errorf("%s: %s is %q, want %q", path, field, got, wanted)
			}
		}
	}
}

// regainVariable makes this test program give its privileges up and try to get
// them back: its value is the program to execute then.
const regainVariable = "RSTTRACE_TEST_REGAIN"

// regain executes a program, which prints the capabilities that it has.
func regain(program string) {
	var who account
	if err := errors.Join(who.Set(os.Getenv(regainUser)), dropPrivileges(nil, who)); err != nil {
		fmt.Println(err)
		os.Exit(exitFailed)
	}
	os.Unsetenv(regainVariable)
	fmt.Println(syscall.Exec(program, []string{program, "-E", "Cap(Prm|Eff)", "/proc/self/status"}, os.Environ()))
	os.Exit(exitFailed)
}

const regainUser = "RSTTRACE_TEST_USER"

// TestPrivilegesAreGone: root that executes a program has all capabilities again,
// and so has anybody who executes one of root with the setuid bit.
func TestPrivilegesAreGone(t *testing.T) {
	needRoot(t)
	grep, err := exec.LookPath("grep")
	if err != nil {
		t.Skip("needs grep")
	}
	setuid := filepath.Join(openFolder(t), "grep")
	program, err := os.ReadFile(grep)
	if err == nil {
		err = errors.Join(os.WriteFile(setuid, program, 0o755), os.Chmod(setuid, 0o755|os.ModeSetuid))
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ program, user string }{{grep, "root"}, {setuid, "nobody"}} {
		t.Run(test.user, func(t *testing.T) {
			p := command(t)
			p.Env = append(os.Environ(), regainVariable+"="+test.program, regainUser+"="+test.user)
			code := p.finish(t)
			const none = "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
			if code != exitFine || p.stdout.String() != none {
				t.Errorf("exit code %d, it has\n%s%s", code, &p.stdout, &p.stderr)
			}
		})
	}
}

// statusField reads a line of /proc/PID/status; threads may end meanwhile.
func statusField(path, name string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return "absent"
}

// TestKilled: after kill -9 the kernel has nothing of ours any more.
func TestKilled(t *testing.T) {
	p := start(t, received(ownAddress())...)
	objects := bpfObjects(t, p.Process.Pid)
	if len(objects) < 10 {
		t.Fatalf("only %d BPF objects in use: %v", len(objects), objects)
	}
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.wait(t)
	deadline := time.Now().Add(patience)
	for _, o := range objects {
		for o.exists() {
			if time.Now().After(deadline) {
				t.Errorf("%+v is still in the kernel", o)
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// bpfObject is a program, link or map that a process holds.
type bpfObject struct {
	kind string // as /proc/PID/fdinfo calls its number
	id   uint32
}

func (o bpfObject) exists() bool {
	var err error
	switch o.kind {
	case "prog_id":
		var p *ebpf.Program
		p, err = ebpf.NewProgramFromID(ebpf.ProgramID(o.id))
		p.Close()
	case "map_id":
		var m *ebpf.Map
		m, err = ebpf.NewMapFromID(ebpf.MapID(o.id))
		m.Close()
	default:
		var l link.Link
		if l, err = link.NewFromID(link.ID(o.id)); err == nil {
			l.Close()
		}
	}
	return err == nil
}

func bpfObjects(t *testing.T, pid int) (objects []bpfObject) {
	t.Helper()
	paths, err := filepath.Glob(fmt.Sprintf("/proc/%d/fdinfo/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			continue // closed meanwhile
		}
		fields := bufio.NewScanner(file)
		for fields.Scan() {
			kind, value, _ := strings.Cut(fields.Text(), ":")
			if kind != "prog_id" && kind != "map_id" && kind != "link_id" {
				continue
			}
			if id, err := strconv.ParseUint(strings.TrimSpace(value), 10, 32); err == nil {
				objects = append(objects, bpfObject{kind, uint32(id)})
			}
		}
		file.Close()
	}
	return objects
}
