package kubernetes

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	securityv1 "github.com/openshift/api/security/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// paths are the files of the node that the pod sees, all of them only to read.
func paths(t *testing.T, spec corev1.PodSpec) []string {
	t.Helper()
	mounts := map[string]corev1.VolumeMount{}
	for _, mount := range spec.Containers[0].VolumeMounts {
		mounts[mount.Name] = mount
	}
	var found []string
	for _, volume := range spec.Volumes {
		mount, mounted := mounts[volume.Name]
		if !mounted || !mount.ReadOnly {
			t.Errorf("%s is not mounted to be read only", volume.Name)
		}
		if volume.HostPath != nil {
			found = append(found, volume.HostPath.Path)
			if mount.MountPath != volume.HostPath.Path {
				t.Errorf("%s is mounted at %s, where rsttrace does not look", volume.HostPath.Path, mount.MountPath)
			}
		}
	}
	return found
}

// TestLeastPrivilege: this is all that the pod may do, in both forms.
func TestLeastPrivilege(t *testing.T) {
	usual := []corev1.Capability{"BPF", "PERFMON", "SYS_PTRACE", "SYSLOG"}
	files := []string{"/sys/fs/cgroup", "/var/log/pods", "/var/log/containers"}
	for name, want := range map[string]struct {
		add   []corev1.Capability
		paths []string
	}{
		"kustomize-base.yaml":      {usual, files},
		"kustomize-cri.yaml":       {usual, append(files[:3:3], "/run/containerd")},
		"kustomize-openshift.yaml": {usual, files},
		"helm-default.yaml":        {usual, files},
		"helm-everything.yaml":     {append(usual[:4:4], "SYS_ADMIN"), append(files[:3:3], "/run/crio")},
	} {
		spec := only[appsv1.DaemonSet](t, decode(t, rendered(t)[name])).Spec.Template.Spec
		if !spec.HostPID || spec.HostNetwork || spec.HostIPC || *spec.AutomountServiceAccountToken || len(spec.Containers) != 1 || len(spec.InitContainers) != 0 {
			t.Errorf("%s: the pod: %+v", name, spec)
		}
		context := spec.Containers[0].SecurityContext
		if diff := cmp.Diff(&corev1.Capabilities{Drop: []corev1.Capability{"ALL"}, Add: want.add}, context.Capabilities); diff != "" {
			t.Errorf("%s: capabilities (-want +got):\n%s", name, diff)
		}
		if *context.Privileged || *context.AllowPrivilegeEscalation || !*context.ReadOnlyRootFilesystem || context.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
			t.Errorf("%s: the container: %+v", name, context)
		}
		if diff := cmp.Diff(want.paths, paths(t, spec)); diff != "" {
			t.Errorf("%s: files of the node (-want +got):\n%s", name, diff)
		}
	}
}

// TestRuntimeSocket: both forms give the pod the same folder. It follows the node, or the pod
// would keep what the runtime has unmounted there.
func TestRuntimeSocket(t *testing.T) {
	of := func(text string) (corev1.Volume, corev1.VolumeMount) {
		spec := only[appsv1.DaemonSet](t, decode(t, text)).Spec.Template.Spec
		mounts := spec.Containers[0].VolumeMounts
		return spec.Volumes[len(spec.Volumes)-1], mounts[len(mounts)-1]
	}
	volume, mount := of(kustomized(t, "cri"))
	ofChart, mountOfChart := of(mustTemplate(t, values{"criSocketFolder": "/run/containerd"}))
	if diff := cmp.Diff(volume, ofChart) + cmp.Diff(mount, mountOfChart); diff != "" {
		t.Errorf("-kustomize +helm:\n%s", diff)
	}
	if mount.MountPropagation == nil || *mount.MountPropagation != corev1.MountPropagationHostToContainer {
		t.Errorf("the mount: %+v", mount)
	}
}

// TestConstraints: OpenShift allows what the pod asks for, and no more.
func TestConstraints(t *testing.T) {
	for _, name := range []string{"kustomize-openshift.yaml", "helm-everything.yaml"} {
		objects := decode(t, rendered(t)[name])
		context := only[appsv1.DaemonSet](t, objects).Spec.Template.Spec.Containers[0].SecurityContext
		allowed := only[securityv1.SecurityContextConstraints](t, objects)
		if diff := cmp.Diff(context.Capabilities.Add, allowed.AllowedCapabilities); diff != "" {
			t.Errorf("%s: capabilities (-asked +allowed):\n%s", name, diff)
		}
		if allowed.AllowPrivilegedContainer || allowed.AllowHostNetwork || !allowed.AllowHostPID || *allowed.AllowPrivilegeEscalation {
			t.Errorf("%s: %+v", name, allowed)
		}
		account := only[corev1.ServiceAccount](t, objects)
		if diff := cmp.Diff([]string{"system:serviceaccount:" + account.Namespace + ":" + account.Name}, allowed.Users); diff != "" {
			t.Errorf("%s: users (-want +got):\n%s", name, diff)
		}
	}
}

// TestBothFormsAgree: the chart, with its own values, has the pod of the manifests.
func TestBothFormsAgree(t *testing.T) {
	pod := func(text string) corev1.PodSpec {
		spec := only[appsv1.DaemonSet](t, decode(t, text)).Spec.Template.Spec
		spec.Volumes[0].ConfigMap.Name = "" // kustomize adds a hash
		spec.Containers[0].ImagePullPolicy = ""
		for _, probe := range []*corev1.Probe{spec.Containers[0].StartupProbe, spec.Containers[0].LivenessProbe, spec.Containers[0].ReadinessProbe} {
			if probe.HTTPGet.Scheme == "" {
				probe.HTTPGet.Scheme = "HTTP" // as the API server does
			}
		}
		return spec
	}
	if diff := cmp.Diff(pod(kustomized(t, "base")), pod(mustTemplate(t, nil))); diff != "" {
		t.Errorf("-kustomize +helm:\n%s", diff)
	}
}
