package kubernetes

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

var update = flag.Bool("update", false, "write the golden files anew")

// root is the folder of the repository.
const root = "../.."

const chartFolder = root + "/deploy/helm/rsttrace"

// kustomized renders a folder of deploy/kubernetes.
func kustomized(t *testing.T, name string) string {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(root, "deploy/kubernetes", name))
	if err != nil {
		t.Fatal(err)
	}
	out, err := resources.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// values are those that somebody gives to helm.
type values = map[string]any

// templated renders the chart, as "helm template rsttrace --namespace rsttrace" does.
func templated(given values) (string, error) {
	chart, err := loader.Load(chartFolder)
	if err != nil {
		return "", err
	}
	release := chartutil.ReleaseOptions{Name: "rsttrace", Namespace: "rsttrace", IsInstall: true, Revision: 1}
	all, err := chartutil.ToRenderValues(chart, given, release, nil)
	if err != nil {
		return "", err
	}
	files, err := engine.Render(chart, all)
	if err != nil {
		return "", err
	}
	var names []string
	for name, text := range files {
		if strings.HasSuffix(name, ".yaml") && strings.TrimSpace(text) != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var out strings.Builder
	for _, name := range names {
		out.WriteString("---\n# Source: " + name + "\n" + strings.TrimSpace(files[name]) + "\n")
	}
	return out.String(), nil
}

func mustTemplate(t *testing.T, given values) string {
	t.Helper()
	out, err := templated(given)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// everything switches on all that the chart has.
var everything = values{
	"image":                      values{"tag": "1.2.3", "pullSecrets": []any{values{"name": "pull"}}},
	"web":                        values{"scheme": "HTTPS", "port": 8443},
	"settings":                   values{"filter": "not cause linger-zero", "sinks": []any{values{"type": "otlp", "endpoint": "http://otel:4318"}}},
	"extraCapabilities":          []any{"SYS_ADMIN"},
	"criSocketFolder":            "/run/crio",
	"podAnnotations":             values{"team": "network"},
	"podMonitor":                 values{"enabled": true},
	"securityContextConstraints": values{"enabled": true},
}

// rendered are all forms, by the names of their golden files.
func rendered(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"kustomize-base.yaml":      kustomized(t, "base"),
		"kustomize-cri.yaml":       kustomized(t, "cri"),
		"kustomize-openshift.yaml": kustomized(t, "openshift"),
		"helm-default.yaml":        mustTemplate(t, nil),
		"helm-everything.yaml":     mustTemplate(t, everything),
	}
}

// TestGolden: the forms are as they were.
func TestGolden(t *testing.T) {
	for name, got := range rendered(t) {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}
