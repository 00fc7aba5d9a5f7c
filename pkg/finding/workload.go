package finding

import "strings"

// Workload is the name of a pod or container without what tells its replicas apart: of
// shop/cart-6d9f4c8b7d-x2k5p it is shop/cart. Other names stay as they are. It knows the
// name only, so it is likely: a person may have called a pod so.
func Workload(name string) string {
	if short := workload(name); short != "" {
		return short
	}
	return name
}

// workload is the name of a pod or container without what tells replicas apart:
//
//	shop/cart-6d9f4c8b7d-x2k5p   shop/cart    a Deployment
//	shop/log-x2k5p               shop/log     a DaemonSet or Job
//	shop/dump-29930400-x2k5p     shop/dump    a CronJob
//	shop/db-0                    shop/db      a StatefulSet
//	docker/shop-web-1            docker/shop-web
//
// It is "" for a name without a slash: that of a namespace, or of none.
func workload(name string) string {
	place, pod, found := strings.Cut(name, "/")
	if !found {
		return ""
	}
	if short := withoutReplica(pod); short != "" {
		return name[:len(place)+1+len(short)]
	}
	return name
}

// withoutReplica is the first part of the name. Five digits after a hash are a random
// suffix, not the ordinal of a StatefulSet that is called so.
func withoutReplica(pod string) string {
	if len(pod) == generatedMax && isRandom(pod[generatedMax-suffixLength:]) {
		return withoutPart(strings.TrimSuffix(pod[:generatedMax-suffixLength], "-"))
	}
	base, last := cutLast(pod)
	switch {
	case len(last) == suffixLength && isRandom(last):
		if rest, made := cutLast(base); isHash(made) || isMinutes(made) {
			return rest
		}
		return base
	case isOrdinal(last):
		return base
	}
	return pod
}

const (
	// suffixLength is that of what Kubernetes adds to the name of a pod's controller.
	suffixLength = 5
	// generatedMax is the longest name with such a suffix. A longer name is cut before it,
	// and so is its hash, or all of the hash.
	generatedMax = 63
)

// withoutPart takes what is left of a hash from the end of a name that was cut. The same
// is left in each replica, also if it is no hash.
func withoutPart(cut string) string {
	if rest, last := cutLast(cut); len(last) <= hashMax && strings.Trim(last, hashAlphabet) == "" {
		return rest
	}
	return cut
}

// cutLast cuts a name before its last hyphen.
func cutLast(name string) (before, last string) {
	at := strings.LastIndexByte(name, '-')
	if at <= 0 {
		return name, ""
	}
	return name[:at], name[at+1:]
}

// isOrdinal reports whether a StatefulSet may have made a suffix: it counts from 0.
func isOrdinal(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == "" && (s == "0" || s[0] != '0')
}

// isRandom reports whether Kubernetes may have made a suffix: its alphabet has no vowels and
// no 0, 1 and 3, so hardly a word is taken for one.
func isRandom(s string) bool { return strings.Trim(s, "bcdfghjklmnpqrstvwxz2456789") == "" }

const (
	// hashAlphabet is what a Deployment writes its hash with. The hash is a number of 32
	// bits, and each of its decimal digits becomes one of these: SafeEncodeString of
	// k8s.io/apimachinery.
	hashAlphabet = "456789bcdf"
	// hashMin is the length that all have but one in 400.
	hashMin, hashMax = 8, 10
)

func isHash(s string) bool {
	return len(s) >= hashMin && len(s) <= hashMax && strings.Trim(s, hashAlphabet) == ""
}

// isMinutes reports whether a CronJob may have called a Job so, by the minutes since 1970:
// they are those of 2017 to 2041. A date, as 20261130, is none.
func isMinutes(s string) bool {
	return len(s) == 8 && strings.Trim(s, "0123456789") == "" && s >= "25000000" && s < "37500000"
}
