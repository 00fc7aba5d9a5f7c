package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// laterVariable makes this test program attach hooks after it has given up its
// privileges: those cannot be had back.
const laterVariable = "RSTTRACE_TEST_LATER_HOOKS"

// TestLaterHooks: with the capabilities that are kept, and as another user, hooks are
// attached as well as by root, by each method.
func TestLaterHooks(t *testing.T) {
	needRoot(t)
	for _, method := range event.Methods {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), laterVariable+"="+string(method))
		output, err := cmd.CombinedOutput()
		t.Logf("%s: %s", method, output)
		if err != nil {
			t.Errorf("%s: %v", method, err)
		}
	}
}

// attachLater is the process of TestLaterHooks.
func attachLater(method event.Method) {
	if err := tryLater(method); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func tryLater(method event.Method) error {
	all, err := probe.Open(probe.Options{Attach: method, Ignored: true})
	if err != nil {
		fmt.Println("not offered here:", err)
		return nil
	}
	want := all.Hooks()
	if err := all.Close(); err != nil {
		return err
	}
	refused := func(v cause.Verdict) bool { return v.Cause == cause.Refused }
	s, err := probe.Open(probe.Options{Attach: method, Ignored: true, Wants: refused})
	if err != nil {
		return err
	}
	defer s.Close()
	nobody := account{name: "nobody", uid: 65534, gid: 65534}
	if err := dropPrivileges(want, nobody); err != nil {
		return err
	}
	if os.Getuid() != nobody.uid {
		return errors.New("still root")
	}
	if err := s.Want(nil); err != nil {
		return err
	}
	got := s.Hooks()
	if len(got) != len(want) {
		return fmt.Errorf("%d hooks, root has %d", len(got), len(want))
	}
	attached := 0
	for i := range got {
		if got[i].Function != want[i].Function || got[i].Method != want[i].Method || got[i].Later != want[i].Later {
			return fmt.Errorf("without privileges %+v, with %+v", got[i], want[i])
		}
		if got[i].Method != "" {
			attached++
		}
	}
	fmt.Println(attached, "hooks are attached")
	return counts(s)
}

// counts: the hooks see, and count, a reset that is sent and received.
func counts(s *probe.Session) error {
	if connection, err := net.Dial("tcp", "127.0.0.1:1"); err == nil {
		connection.Close()
		return errors.New("something listens on port 1")
	}
	found, err := s.Counts()
	if err != nil {
		return err
	}
	seen := make(map[event.Hook]bool)
	for _, c := range found.ByEvidence {
		seen[c.Evidence.Hook] = true
	}
	if !seen[event.HookReceive] || s.Visibility().Socketless && !seen[event.HookSendReply] {
		return fmt.Errorf("not all was counted: %+v", found.ByEvidence)
	}
	return nil
}
