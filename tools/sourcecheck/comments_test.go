package sourcecheck

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestCommentsNameWhatExists: what a comment calls by a Go name exists. The documentation
// of an exported name may use names of its own package and of exported types only, or
// say whose they are.
func TestCommentsNameWhatExists(t *testing.T) {
	source := load(t)
	known := source.words()
	for _, p := range source.packages {
		exported := p.exported()
		for _, c := range p.comments() {
			for _, name := range namesIn(c.text) {
				if !known[name] && !slices.Contains(foreign, name) {
					t.Errorf("%s: there is no %s", p.position(c.pos), name)
				}
			}
			if first := firstWord.FindString(c.text); c.of != "" && first != "" && first != c.of {
				t.Errorf("%s: the documentation of %s begins with %s", p.position(c.pos), c.of, first)
			}
			if !c.exported {
				continue
			}
			for _, name := range capitalizedIn(c.text) {
				if source.exportedAnywhere[name] && !exported[name] && !source.exportedIn(c.uses, name) {
					t.Errorf("%s: %s is nothing of package %s that others can use", p.position(c.pos), name, p.name)
				}
			}
		}
	}
}

// mixedCase are words that can only be meant as names of Go or C.
var mixedCase = regexp.MustCompile(`\b[a-z]+[A-Z][A-Za-z0-9]*\b|\b[A-Z][a-z0-9]+[A-Z][A-Za-z0-9]*\b|\[[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9.]*\]`)

// foreign are words of other worlds that look like it.
var foreign = []string{
	// Kubernetes, and its interface to runtimes.
	"ContainerFilter", "ContainerMetadata", "CronJob", "ListContainersRequest", "ListContainersResponse", "ListPodSandboxRequest", "ListPodSandboxResponse",
	"NamespaceMode", "PodSandbox", "PodSandboxFilter", "PodSandboxMetadata", "ReplicaSet", "SafeEncodeString", "generateName",
	"GitHub", "KiB", "MiB", "GiB",
	"inflateType",                       // of cilium/ebpf
	"DaemonSet", "StatefulSet", "MySQL", // of Kubernetes, and a product
	"VictoriaLogs", "LogsQL", "ClickHouse", "OpenShift",
	"ExportLogsServiceRequest", "ExportLogsServiceResponse", "ExportLogsPartialSuccess", "InstrumentationScope", // of OTLP
}

// firstWord begins documentation in lower case: that can only be the name.
var firstWord = regexp.MustCompile(`^[a-z][A-Za-z0-9]*\b`)

func namesIn(text string) (names []string) {
	for _, word := range mixedCase.FindAllString(text, -1) {
		parts := strings.Split(strings.Trim(word, "[]"), ".")
		names = append(names, parts...)
	}
	return names
}

// capitalized are words inside of a sentence that are not qualified.
var capitalized = regexp.MustCompile(`[a-z,;(]\s+([A-Z][a-z]+(?:[A-Z][a-z]+)*)\b[^.\w]|[a-z,;(]\s+([A-Z][a-z]+(?:[A-Z][a-z]+)*)\.(?:\s|$)`)

func capitalizedIn(text string) (names []string) {
	for _, found := range capitalized.FindAllStringSubmatch(text, -1) {
		names = append(names, found[1]+found[2])
	}
	return names
}

// TestNamesInComments: the ways in which a comment can name something.
func TestNamesInComments(t *testing.T) {
	const text = "Run ends, see [Sink.Flush] and readLine. Its methods are for one goroutine, except Interrupt and\nSession.Read. Take net:[INODE]."
	if got, want := namesIn(text), []string{"Sink", "Flush", "readLine"}; !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
	if got, want := capitalizedIn(text), []string{"Interrupt"}; !slices.Equal(got, want) {
		t.Errorf("inside of sentences %q, want %q", got, want)
	}
}
