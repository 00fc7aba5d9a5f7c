package main

import (
	"fmt"
	"strings"
)

const intro = `Licences of what is linked into rsttrace

Written by make docs. Hand on this file with the program.

`

// page is the whole file. A text that several modules share is there once.
func page(root string) (string, error) {
	modules, err := linked(root)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	out.WriteString(intro)
	of := make(map[string][]string) // names of modules, by text
	var texts []string
	for _, m := range modules {
		fmt.Fprintf(&out, "%-50s %-36s %s\n", m.name, m.version, m.id)
		for _, text := range m.texts {
			if of[text] == nil {
				texts = append(texts, text)
			}
			of[text] = append(of[text], m.name)
		}
	}
	for _, text := range texts {
		fmt.Fprintf(&out, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(of[text], "\n"), text)
	}
	return strings.ReplaceAll(out.String(), " \n", "\n"), nil
}
