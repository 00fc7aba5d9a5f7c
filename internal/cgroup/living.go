package cgroup

import (
	"context"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Living lists where sockets can be now: for each control group that exists what
// an owner in it is shown with. Containers and pods are listed by their ids, and
// named is false, where somebody who may know their names has not answered when
// ctx ends. root is the folder in which /proc, /sys, /run and /var are; "" means /.
func Living(ctx context.Context, root string) (owners []event.Owner, named bool, err error) {
	hierarchies, err := ReadHierarchies(root)
	if err != nil {
		return nil, false, err
	}
	asker := NewAsker(root)
	defer asker.Close()
	named = true
	for _, path := range hierarchies.Paths() {
		location := Parse(path)
		named = asker.name(ctx, &location) && named
		var owner event.Owner
		location.fill(&owner)
		owners = append(owners, owner)
	}
	return owners, named, nil
}
