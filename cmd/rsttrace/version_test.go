package main

import (
	"runtime/debug"
	"testing"
)

func TestVersionOf(t *testing.T) {
	installed := &debug.BuildInfo{Main: debug.Module{Version: "v0.1.0"}}
	for _, test := range []struct {
		made string
		info *debug.BuildInfo
		want string
	}{
		{"v0.1.0-3-gabc", installed, "v0.1.0-3-gabc"},
		{"", installed, "v0.1.0"},
		{"", &debug.BuildInfo{}, "(development)"},
		{"", nil, "(development)"},
	} {
		if got := versionOf(test.made, test.info); got != test.want {
			t.Errorf("made %q, built %+v: %q, want %q", test.made, test.info, got, test.want)
		}
	}
}
