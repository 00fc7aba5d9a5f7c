package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestUnknownAccounts: a number needs no list of users.
func TestUnknownAccounts(t *testing.T) {
	for text, want := range map[string]account{
		"65432":        {name: "65432", uid: 65432, gid: 65432},
		"65432:0":      {name: "65432:0", uid: 65432},
		"65432:65431":  {name: "65432:65431", uid: 65432, gid: 65431},
		"4294967294:7": {name: "4294967294:7", uid: 4294967294, gid: 7},
	} {
		var got account
		if err := got.Set(text); err != nil {
			t.Errorf("%s: %v", text, err)
		} else if diff := cmp.Diff(want, got, cmp.AllowUnexported(account{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	for _, text := range []string{"", ":", "65432:", ":5", "1:2:3", "65432:4294967295", "0x10", "+65432"} {
		var got account
		if err := got.Set(text); err == nil {
			t.Errorf("%q became %+v", text, got)
		}
	}
}

// TestKnownAccounts: a user that the system knows has its own group.
func TestKnownAccounts(t *testing.T) {
	for _, text := range []string{"root", "0"} {
		got := account{uid: -1, gid: -1}
		if err := got.Set(text); err != nil || got.uid != 0 || got.gid != 0 || got.name != text {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}
