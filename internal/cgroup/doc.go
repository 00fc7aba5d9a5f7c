// Package cgroup says where a socket or a process runs: control group, systemd
// unit, container, Kubernetes pod.
//
//	r := cgroup.Open(cgroup.Options{})
//	defer r.Close()
//	r.Complete(&e) // fills e.Owner.Cgroup, Unit, Container and Pod
//
// The kernel record has the id of the socket's cgroup in the cgroup v2
// hierarchy, which is the inode number of its directory, and that of the process
// that acted. The kernel reports the path of each new cgroup (Learn). Older ones
// are found by walking the hierarchy: that needs no privilege, where
// open_by_handle_at needs CAP_DAC_READ_SEARCH, which would let a running tracer
// read every file. An id
// is never used again and a v2 cgroup is never renamed, so what was found stays
// true, also after the cgroup is gone.
//
// The trap to avoid: the cgroup of a socket is that of the process that created
// it, or created its listener. Under systemd's socket activation, and on hosts
// that keep containers in v1 hierarchies, it says nothing about the process
// that uses it; then that of the process counts, and /proc is asked as well.
package cgroup
