package kubernetes

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// webConfig has a password, as docs/kubernetes.md says.
const webConfig = "basic_auth_users:\n  prometheus: $2a$04$6iPQex8iUgeHBLeM22zUYe494DAHHuVSHMZDdJf0re0Fn7jiVNbtm\n"

// TestSettings: rsttrace takes the arguments and the settings of each form.
func TestSettings(t *testing.T) {
	program := os.Getenv("RSTTRACE")
	if program == "" {
		t.Skip("needs a program: make kubernetes-test builds it")
	}
	for name, text := range rendered(t) {
		objects := decode(t, text)
		dir := t.TempDir()
		settings, web := filepath.Join(dir, "rsttrace.yml"), filepath.Join(dir, "web.yml")
		for path, content := range map[string]string{settings: only[corev1.ConfigMap](t, objects).Data["rsttrace.yml"], web: webConfig} {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		replace := strings.NewReplacer("/etc/rsttrace/rsttrace.yml", settings, "/etc/rsttrace-web/web.yml", web, "$(NODE_NAME)", "node-1")
		var args []string
		for _, arg := range only[appsv1.DaemonSet](t, objects).Spec.Template.Spec.Containers[0].Args {
			args = append(args, replace.Replace(arg))
		}
		out, err := exec.Command(program, append(args, "--check")...).CombinedOutput()
		if err != nil || string(out) != "rsttrace: "+settings+" is right\n" {
			t.Errorf("%s: rsttrace %s: %v: %s", name, strings.Join(args, " "), err, out)
		}
	}
}

// TestWrongValues: helm refuses what the chart does not know.
func TestWrongValues(t *testing.T) {
	for want, given := range map[string]values{
		"imgae":           {"imgae": values{"tag": "1"}},
		"port":            {"web": values{"port": 0}},
		"scheme":          {"web": values{"scheme": "https"}},
		"criSocketFolder": {"criSocketFolder": "/run"},
		"secretName":      {"web": values{"secretName": ""}},
	} {
		if _, err := templated(given); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want one about %s", given, err, want)
		}
	}
}

// TestLint: "helm lint" has nothing to say, except that there is no icon.
func TestLint(t *testing.T) {
	for _, message := range lint.All(chartFolder, nil, "rsttrace", true).Messages {
		if message.Severity > support.InfoSev {
			t.Error(message)
		}
	}
}
