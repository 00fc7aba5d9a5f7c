package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

// TestEachLinkedModuleIsListed: the file has each module that is linked into rsttrace,
// and the text of its licence.
func TestEachLinkedModuleIsListed(t *testing.T) {
	modules, err := linked(root)
	if err != nil {
		t.Fatal(err)
	}
	const least = 20 // a list that was read wrong is shorter
	if len(modules) < least {
		t.Fatalf("only %d modules are linked", len(modules))
	}
	source, err := os.ReadFile(filepath.Join(root, "LICENSES", "third-party.txt"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(source)
	listed := make(map[string]bool)
	for line := range strings.SplitSeq(page, "\n") {
		listed[spaced(line)] = true
	}
	for _, m := range modules {
		if !listed[spaced(m.name+" "+m.version+" "+m.id)] {
			t.Errorf("%s %s (%s) is not listed: run make docs", m.name, m.version, m.id)
		}
		if len(m.texts) == 0 {
			t.Errorf("%s has no licence", m.name)
		}
		for _, text := range m.texts {
			// Go's own text may change with the builder's Go.
			if m.version != "" && !strings.Contains(page, text) {
				t.Errorf("the licence of %s is missing: run make docs", m.name)
			}
		}
	}
}

// spaced has one space where there were more.
func spaced(line string) string { return strings.Join(strings.Fields(line), " ") }

func TestIdentify(t *testing.T) {
	const bsd = "Redistribution and use in source and binary\nforms, with or without modification"
	for _, test := range []struct{ text, want string }{
		{"Apache License\nVersion 2.0", "Apache-2.0"},
		{bsd, "BSD-2-Clause"},
		{bsd + "\nmay not be used\nto endorse products", "BSD-3-Clause"},
		{"MIT\nPermission is hereby granted, free of charge, to any", "MIT"},
		{"Mozilla Public License Version 2.0 ... the GNU General Public License", "MPL-2.0"},
		{bsd + " Permission is hereby granted, free of charge", "BSD-2-Clause AND MIT"},
		{"SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */ GNU General Public License", "BSD-3-Clause OR GPL-2.0-only"},
		{"SPDX-License-Identifier: GPL-2.0-only", ""},
		{"GNU Lesser General\nPublic License", ""},
		{"GNU Affero General Public License ... Apache License", ""},
		{"All rights reserved", ""},
		{"", ""},
	} {
		id, err := identify(test.text)
		if got := id; (err == nil) != (test.want != "") || err == nil && got != test.want {
			t.Errorf("%q: %q, %v; want %q", test.text, got, err, test.want)
		}
	}
}
