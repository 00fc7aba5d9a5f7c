package main

import (
	"errors"
	"regexp"
	"strings"
)

// signs are words that only one licence has. Those of the GPL and its kin are absent on
// purpose: such a module must not be linked, unless it names another licence beside it.
var signs = []struct{ words, id string }{
	{"Apache License", "Apache-2.0"},
	{"Redistribution and use in source and binary forms", "BSD-2-Clause"},
	{"Permission is hereby granted, free of charge", "MIT"},
	{"Mozilla Public License", "MPL-2.0"},
}

// endorse is the clause that makes three clauses of two.
var endorse = regexp.MustCompile(`(?i)used\s+to\s+endorse`)

var (
	spdx    = regexp.MustCompile(`SPDX-License-Identifier: ([\w.-]+(?: (?:OR|AND) [\w.-]+)*)`)
	reserve = regexp.MustCompile(`(?i)GNU\s+(Affero\s+|Lesser\s+)?General\s+Public\s+License`)
)

var errUnknownLicence = errors.New("its licence is none of those that are allowed: read it, and change tools/licences/identify.go")

// identify names a licence as SPDX does. Text with several licences has all of them.
func identify(text string) (string, error) {
	if named := spdx.FindStringSubmatch(text); named != nil {
		return named[1], permitted(named[1])
	}
	var ids []string
	plain := strings.Join(strings.Fields(text), " ")
	for _, sign := range signs {
		switch {
		case !strings.Contains(plain, sign.words):
		case sign.id == "BSD-2-Clause" && endorse.MatchString(plain):
			ids = append(ids, "BSD-3-Clause")
		default:
			ids = append(ids, sign.id)
		}
	}
	// The licence of Mozilla names the GPL as one that it goes with.
	if len(ids) == 0 || reserve.MatchString(plain) && !strings.Contains(plain, "Mozilla Public License") {
		return "", errUnknownLicence
	}
	return strings.Join(ids, " AND "), nil
}

// permitted: of licences to choose from, one must be in the table.
func permitted(id string) error {
	for choice := range strings.SplitSeq(id, " OR ") {
		if choice == "BSD-3-Clause" {
			return nil
		}
		for _, sign := range signs {
			if choice == sign.id {
				return nil
			}
		}
	}
	return errUnknownLicence
}
