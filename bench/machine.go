package main

import (
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// machine is what the figures hold for.
type machine struct {
	CPU     string
	Cores   int
	Kernel  string
	Arch    string
	Virtual bool
}

func thisMachine() machine {
	m := machine{CPU: "unknown CPU", Cores: runtime.NumCPU(), Arch: runtime.GOARCH}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(line, ":")
			switch value = strings.TrimSpace(value); strings.TrimSpace(name) {
			case "model name":
				m.CPU = value
			case "flags":
				m.Virtual = m.Virtual || strings.Contains(" "+value+" ", " hypervisor ")
			}
		}
	}
	var uts unix.Utsname
	if err := unix.Uname(&uts); err == nil {
		m.Kernel = unix.ByteSliceToString(uts.Release[:])
	}
	return m
}

func (m machine) String() string {
	text := m.CPU + ", " + count(m.Cores, "core") + ", Linux " + m.Kernel + ", " + m.Arch
	if m.Virtual {
		text += ", a virtual machine"
	}
	return text
}
