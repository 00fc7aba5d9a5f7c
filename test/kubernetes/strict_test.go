package kubernetes

import (
	"errors"
	"strings"
	"testing"

	securityv1 "github.com/openshift/api/security/v1"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// kinds are all that may be applied. None of them gives rights in the API server.
var kinds = map[string]func() any{
	"v1 Namespace":                        func() any { return new(corev1.Namespace) },
	"v1 ServiceAccount":                   func() any { return new(corev1.ServiceAccount) },
	"v1 ConfigMap":                        func() any { return new(corev1.ConfigMap) },
	"apps/v1 DaemonSet":                   func() any { return new(appsv1.DaemonSet) },
	"monitoring.coreos.com/v1 PodMonitor": func() any { return new(monitoringv1.PodMonitor) },
	"security.openshift.io/v1 SecurityContextConstraints": func() any { return new(securityv1.SecurityContextConstraints) },
}

// decode reads manifests. A field that Kubernetes does not know is an error.
func decode(t *testing.T, text string) (objects []any) {
	t.Helper()
	for document := range strings.SplitSeq("\n"+text, "\n---\n") {
		if strings.TrimSpace(document) == "" {
			continue
		}
		var head struct{ APIVersion, Kind string }
		if err := yaml.Unmarshal([]byte(document), &head); err != nil {
			t.Fatal(err)
		}
		make := kinds[head.APIVersion+" "+head.Kind]
		if make == nil {
			t.Fatalf("%s %s: not one of the kinds that rsttrace needs", head.APIVersion, head.Kind)
		}
		object := make()
		if err := strictly([]byte(document), object); err != nil {
			t.Fatalf("%s: %v\n%s", head.Kind, err, document)
		}
		objects = append(objects, object)
	}
	return objects
}

// strictly reads a document as the API server does: a name in other letters is another name.
func strictly(document []byte, object any) error {
	text, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return err
	}
	unknown, err := json.UnmarshalStrict(text, object)
	return errors.Join(append(unknown, err)...)
}

// only is the only object of a type.
func only[T any](t *testing.T, objects []any) *T {
	t.Helper()
	var found *T
	for _, object := range objects {
		if one, ok := object.(*T); ok {
			if found != nil {
				t.Fatalf("there are two %T", one)
			}
			found = one
		}
	}
	if found == nil {
		t.Fatalf("there is no %T", found)
	}
	return found
}

// TestStrict: Kubernetes knows every field, and each form has what it needs.
func TestStrict(t *testing.T) {
	for name, text := range rendered(t) {
		t.Run(name, func(t *testing.T) {
			objects := decode(t, text)
			only[appsv1.DaemonSet](t, objects)
			only[corev1.ConfigMap](t, objects)
			if *only[corev1.ServiceAccount](t, objects).AutomountServiceAccountToken {
				t.Error("the account has a token")
			}
		})
	}
}

// TestStrictIsStrict: a field with a mistake in its name is found.
func TestStrictIsStrict(t *testing.T) {
	wrong := strings.Replace(kustomized(t, "base"), "hostPID:", "hostPid:", 1)
	daemonSet := strings.Split(wrong[strings.Index(wrong, "apiVersion: apps/v1"):], "\n---\n")[0]
	if err := strictly([]byte(daemonSet), new(appsv1.DaemonSet)); err == nil || !strings.Contains(err.Error(), "hostPid") {
		t.Errorf("error: %v", err)
	}
}
