package finding

import "strings"

// Workload is the name of a pod or container without what tells its replicas apart: of
// shop/cart-6d9f4c8b7d-x2k5p it is shop/cart. Other names stay as they are.
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
//	shop/db-0                    shop/db      a StatefulSet
//	docker/shop-web-1            docker/shop-web
//
// It is "" for a name without a slash: that of a namespace, or of none.
func workload(name string) string {
	place, _, found := strings.Cut(name, "/")
	if !found {
		return ""
	}
	short := name
	switch base, last := cutLast(name); {
	case isNumber(last):
		short = base
	case len(last) == 5 && isRandom(last):
		short = base
		if rest, hash := cutLast(base); len(hash) >= 8 && len(hash) <= 10 && isRandom(hash) {
			short = rest
		}
	}
	if len(short) <= len(place)+1 {
		return name
	}
	return short
}

// cutLast cuts a name before its last hyphen.
func cutLast(name string) (before, last string) {
	at := strings.LastIndexByte(name, '-')
	if at <= 0 {
		return name, ""
	}
	return name[:at], name[at+1:]
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// isRandom reports whether Kubernetes may have made a suffix: its alphabet has no vowels and
// no 0, 1 and 3, so hardly a word is taken for one.
func isRandom(s string) bool { return strings.Trim(s, "bcdfghjklmnpqrstvwxz2456789") == "" }
