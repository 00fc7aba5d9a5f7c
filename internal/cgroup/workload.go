package cgroup

import "strings"

// Labels by which controllers of Kubernetes mark their pods.
const (
	labelTemplate  = "pod-template-hash"          // ReplicaSet of a Deployment
	labelRollout   = "rollouts-pod-template-hash" // the same of Argo Rollouts
	labelStateful  = "statefulset.kubernetes.io/pod-name"
	labelRevision  = "controller-revision-hash" // DaemonSet, and StatefulSet
	labelJob       = "batch.kubernetes.io/job-name"
	labelJobBefore = "job-name" // before Kubernetes 1.27
)

const (
	// suffixLength is that of what generateName adds.
	suffixLength = 5
	// generatedMax is the longest name with such a suffix. What is before it is cut.
	generatedMax = 63
	alphabet     = "bcdfghjklmnpqrstvwxz2456789"
)

// workloadOf is the name of what has made a pod, by the labels of the pod. It is "" if
// they do not say so for certain: a label that does not fit to the name proves nothing.
func workloadOf(pod string, labels map[string]string) string {
	if labels[labelStateful] == pod {
		base, ordinal := cutLast(pod)
		if ordinal != "" && strings.Trim(ordinal, "0123456789") == "" {
			return base
		}
	}
	base, cut := generatedFrom(pod)
	if base == "" {
		return ""
	}
	for _, label := range []string{labelTemplate, labelRollout} {
		if hash := labels[label]; hash != "" {
			name, _ := strings.CutSuffix(base, "-"+hash)
			if name == base {
				return ""
			}
			return name
		}
	}
	for _, label := range []string{labelJob, labelJobBefore} {
		if job := labels[label]; job != "" {
			return jobOf(base, cut, job)
		}
	}
	if labels[labelRevision] != "" && !cut {
		return base
	}
	return ""
}

// jobOf is the name of a Job, without the index of an indexed one. A CronJob calls its
// Jobs NAME-<minutes since 1970>, and no label says that it was one.
func jobOf(base string, cut bool, job string) string {
	if _, last := cutLast(job); len(last) >= 8 && strings.Trim(last, "0123456789") == "" {
		return ""
	}
	if base == job || strings.HasPrefix(base, job+"-") || cut && strings.HasPrefix(job, base) {
		return job
	}
	return ""
}

// generatedFrom is the name before the suffix that Kubernetes makes. cut says that it may
// have been too long for a suffix, and so is not all of it.
func generatedFrom(pod string) (base string, cut bool) {
	at := len(pod) - suffixLength
	if at <= 0 || strings.Trim(pod[at:], alphabet) != "" {
		return "", false
	}
	base, whole := strings.CutSuffix(pod[:at], "-")
	if !whole && len(pod) < generatedMax {
		return "", false
	}
	return base, len(pod) == generatedMax
}

// cutLast cuts a name before its last hyphen.
func cutLast(name string) (before, last string) {
	at := strings.LastIndexByte(name, '-')
	if at <= 0 {
		return name, ""
	}
	return name[:at], name[at+1:]
}
