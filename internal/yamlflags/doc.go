// Package yamlflags reads a YAML file whose keys are the flags of a command. So a setting
// has one name, one help and one check, wherever it is given.
//
// A section is a part of a name: listen-address in the section web is the flag
// web.listen-address. A list is a flag that is given several times. A map in a list
// becomes a text in the flow style of YAML, as the flag takes it:
//
//	web:
//	  listen-address: localhost:10793
//	sinks:
//	  - type: file
//	    path: /var/log/rsttrace/resets.jsonl
//
// The trap to avoid: YAML makes numbers and booleans of words. Here a value is the text as
// it was written, and the flag says what it means.
package yamlflags
