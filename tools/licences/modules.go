package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// module is what is linked into the program: a Go module, or Go's own library.
type module struct {
	name, version string
	id            string // of its licence, as SPDX has it
	texts         []string
}

// architectures are those of the program's releases: a module may be for one of them only.
var architectures = []string{"amd64", "arm64"}

// linked lists the modules of the program, by name. Go's own library comes first.
func linked(root string) ([]module, error) {
	goRoot, err := goCommand(root, "", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	// Its version is that of the builder, so it is not in the list.
	library, err := read("Go standard library", "", strings.TrimSpace(goRoot))
	if err != nil {
		return nil, err
	}
	all := []module{library}
	var lines []string
	for _, arch := range architectures {
		out, err := goCommand(root, arch, "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}", "./cmd/rsttrace")
		if err != nil {
			return nil, err
		}
		lines = append(lines, strings.Split(strings.TrimSpace(out), "\n")...)
	}
	slices.Sort(lines)
	for _, line := range slices.Compact(lines) {
		name, rest, found := strings.Cut(line, " ")
		version, folder, also := strings.Cut(rest, " ")
		if !found || !also {
			continue // of this module, or of the library
		}
		m, err := read(name, version, folder)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

func goCommand(root, arch string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0")
	if arch == "" {
		arch = runtime.GOARCH
	}
	cmd.Env = append(cmd.Env, "GOARCH="+arch)
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return "", fmt.Errorf("go %s: %s", args[0], exit.Stderr)
	}
	return string(out), err
}

// read finds the licence in the folder of a module. A notice belongs to it.
func read(name, version, folder string) (module, error) {
	m := module{name: name, version: version}
	files, err := os.ReadDir(folder)
	if err != nil {
		return m, err
	}
	var licences []string
	for _, file := range files {
		base := strings.ToUpper(strings.TrimSuffix(strings.TrimSuffix(file.Name(), ".txt"), ".md"))
		isLicence := base == "LICENSE" || base == "LICENSE.LIBYAML" || base == "COPYING"
		if file.IsDir() || !isLicence && base != "NOTICE" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, file.Name()))
		if err != nil {
			return m, err
		}
		m.texts = append(m.texts, tidy(string(text)))
		if isLicence {
			licences = append(licences, string(text))
		}
	}
	m.id, err = identify(strings.Join(licences, "\n"))
	if err != nil {
		return m, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

// tidy makes equal what differs only in what nobody sees.
func tidy(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t\f")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}
