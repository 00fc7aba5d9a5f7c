package lab_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

func TestScenarioTable(t *testing.T) {
	kebab := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	names := map[string]bool{}
	for _, s := range lab.Scenarios() {
		if !kebab.MatchString(s.Name) || names[s.Name] {
			t.Errorf("name %q is not kebab-case or not unique", s.Name)
		}
		names[s.Name] = true
		if sentences := strings.Count(s.Story, "."); sentences < 1 || !strings.HasSuffix(s.Title, ".") {
			t.Errorf("%s: title %q, story of %d sentences", s.Name, s.Title, sentences)
		}
		if len(s.Families) == 0 || s.Path == "" || s.Run == nil {
			t.Errorf("%s is incomplete", s.Name)
		}
		if found, ok := lab.Find(s.Name); !ok || found.Title != s.Title {
			t.Errorf("%s cannot be found", s.Name)
		}
	}
	if _, ok := lab.Find("no-such"); ok {
		t.Error("found what does not exist")
	}
}

func TestFailureIsReported(t *testing.T) {
	roottest.Need(t, roottest.Namespaces)
	torndown := false
	s := lab.Scenario{Name: "broken", Path: lab.Loopback, Run: func(e *lab.Env) {
		e.Actor("server", "server")
		e.Failf("the kernel did %s", "otherwise")
		t.Error("the scenario went on")
	}}
	outcome, err := lab.Run(context.Background(), s, event.IPv4, lab.Options{
		BeforeTeardown: func([]*lab.Namespace) error { torndown = true; return nil },
	})
	if err == nil || err.Error() != "scenario broken over ipv4: the kernel did otherwise" {
		t.Errorf("error: %v", err)
	}
	if !torndown || len(outcome.Actors) != 1 || outcome.Actors[0].Status.ExitCode != 0 {
		t.Errorf("torn down %t, outcome %+v", torndown, outcome)
	}
}

// TestNoDescriptorLeaks: what a run opens it closes.
func TestNoDescriptorLeaks(t *testing.T) {
	roottest.Need(t, roottest.Namespaces)
	run := func() {
		for _, name := range []string{"unread-data", "reset-by-peer"} {
			s, _ := lab.Find(name)
			if _, err := lab.Run(context.Background(), s, event.IPv4, lab.Options{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	run() // the runtime's poller opens its own the first time
	before := openDescriptors(t)
	run()
	if after := openDescriptors(t); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// holdVariable makes the test program play a scenario half way and wait there.
const holdVariable = "RSTTRACE_TEST_HOLD"

// hold says which namespaces it made and waits to be killed.
func hold() {
	s, _ := lab.Find("unread-data")
	_, err := lab.Run(context.Background(), s, event.IPv4, lab.Options{
		OnNamespaces: func(namespaces []*lab.Namespace) error {
			for _, n := range namespaces {
				fmt.Println(n.Inode())
			}
			return nil
		},
		Step: func(string) { fmt.Println("ready"); select {} },
	})
	fmt.Println(err)
}

// TestKillLeavesNothing kills a program with kill -9 in the middle of a scenario.
func TestKillLeavesNothing(t *testing.T) {
	roottest.Need(t, roottest.Namespaces)
	program := exec.Command("/proc/self/exe")
	program.Env = append(os.Environ(), holdVariable+"=1")
	stdout, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	inodes := map[uint64]bool{}
	for lines := bufio.NewScanner(stdout); lines.Scan() && lines.Text() != "ready"; {
		inode, err := strconv.ParseUint(lines.Text(), 10, 32)
		if err != nil {
			t.Fatal(lines.Text())
		}
		inodes[inode] = true
	}
	if n := threadsIn(inodes); n < 2 {
		t.Errorf("%d threads in the scenario's namespaces, at least two actors should be", n)
	}
	if err := program.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = program.Wait()
	for deadline := time.Now().Add(30 * time.Second); threadsIn(inodes) > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("somebody still holds a namespace")
		}
	}
}

// TestUnprivileged: who may not make namespaces is told what is missing.
func TestUnprivileged(t *testing.T) {
	roottest.Need(t, roottest.Namespaces)
	program := exec.Command("/proc/self/exe")
	program.Env = append(os.Environ(), holdVariable+"=1")
	const nobody = 65534
	program.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	output, err := program.CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{lab.ErrUnavailable.Error(), "run as root", "CAP_NET_ADMIN"} {
		if !strings.Contains(string(output), want) {
			t.Errorf("%q does not say %q", output, want)
		}
	}
}

// threadsIn counts the threads of the system in the given namespaces.
func threadsIn(inodes map[uint64]bool) (n int) {
	links, _ := filepath.Glob("/proc/[0-9]*/task/*/ns/net")
	for _, link := range links {
		target, err := os.Readlink(link) // net:[INODE]
		if err != nil {
			continue // ended meanwhile
		}
		inode, _ := strconv.ParseUint(strings.Trim(target, "net:[]"), 10, 32)
		if inodes[inode] {
			n++
		}
	}
	return n
}

// TestSideBySide: runs at once do not disturb each other, and Run calls the functions
// of its options one at a time.
func TestSideBySide(t *testing.T) {
	roottest.Need(t, roottest.Namespaces)
	s, _ := lab.Find("unread-data")
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			var calling sync.Mutex
			alone := func() {
				if !calling.TryLock() {
					t.Error("two functions at once")
					return
				}
				defer calling.Unlock()
				time.Sleep(time.Millisecond) // so that another call would meet this one
			}
			outcome, err := lab.Run(t.Context(), s, event.IPv4, lab.Options{
				Step:           func(string) { alone() },
				OnNamespaces:   func([]*lab.Namespace) error { alone(); return nil },
				BeforeTeardown: func([]*lab.Namespace) error { alone(); return nil },
			})
			if err != nil || len(outcome.Expect) == 0 {
				t.Errorf("%v", err)
			}
		})
	}
	all.Wait()
}
