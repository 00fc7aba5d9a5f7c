package tracing

import (
	"fmt"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/filter"
)

// InNetns is the filter for network namespaces: other tests provoke resets at the
// same time.
func InNetns(inodes ...uint32) *filter.Filter {
	var list strings.Builder
	for i, inode := range inodes {
		if i > 0 {
			list.WriteString(", ")
		}
		fmt.Fprint(&list, inode)
	}
	return filter.MustParse("netns in (" + list.String() + ")")
}
