package lab

import "github.com/rsttrace/rsttrace/internal/lab/netns"

// Namespace is a network namespace of a running scenario. It is there from
// OnNamespaces until BeforeTeardown returns.
type Namespace struct{ inside *netns.Namespace }

// Name is that of the end that is in it: "client", "server". "lab" has both.
func (n *Namespace) Name() string { return n.inside.Name() }

// Inode is the number of the namespace, as events have it.
func (n *Namespace) Inode() uint32 { return n.inside.Inode() }

// Do runs a function on a thread that is in the namespace: sockets and processes
// that it makes belong to the namespace. Goroutines that it starts are not in it.
// Calls run one after the other. The function must not call Do itself.
func (n *Namespace) Do(fn func() error) error { return n.inside.Do(fn) }

// shown are namespaces as those see them who play scenarios.
func shown(namespaces []*netns.Namespace) []*Namespace {
	all := make([]*Namespace, len(namespaces))
	for i, n := range namespaces {
		all[i] = &Namespace{n}
	}
	return all
}
