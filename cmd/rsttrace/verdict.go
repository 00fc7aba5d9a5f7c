package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rsttrace/rsttrace/internal/probe"
)

// describeVerdict answers the first question that people have: is every RST seen here?
func describeVerdict(out io.Writer, hooks []probe.HookStatus, limits []probe.Limit) {
	var unseen []probe.Limit
	details := 0
	for _, limit := range limits {
		switch {
		case limit.Unseen() == "":
			details++
		case !onlyWaits(limit, hooks):
			unseen = append(unseen, limit)
		}
	}
	switch {
	case len(unseen) == 0 && details == 0:
		fmt.Fprint(out, "Here rsttrace sees every RST, and all its details.\n\n")
	case len(unseen) == 0:
		fmt.Fprintf(out, "Here rsttrace sees every RST. %s missing: the end of this page has more.\n\n", countDetails(details))
	default:
		fmt.Fprint(out, "Here rsttrace does not see every RST. It misses these, or some of them:\n")
		for _, limit := range unseen {
			fmt.Fprintf(out, "  - %s (%s)\n", limit.Unseen(), limit.ID)
		}
		if details > 0 {
			fmt.Fprintf(out, "It sees all others. %s missing: the end of this page has more.\n", countDetails(details))
		} else {
			fmt.Fprint(out, "It sees all others. The end of this page has more.\n")
		}
		fmt.Fprintln(out)
	}
}

func countDetails(n int) string {
	if n == 1 {
		return "1 detail is"
	}
	return fmt.Sprintf("%d details are", n)
}

// onlyWaits reports whether a limit ends by itself: without the module there are no rules,
// and with it comes the hook.
func onlyWaits(limit probe.Limit, hooks []probe.HookStatus) bool {
	if limit.ID != probe.LimitReject {
		return false
	}
	return !slices.ContainsFunc(hooks, func(h probe.HookStatus) bool {
		return strings.HasPrefix(h.Hook, "reject") && !strings.Contains(h.Hook, "link") && h.Method == "" && !h.Later
	})
}
