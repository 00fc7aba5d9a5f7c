// Package netnsname names network namespaces by their inode number.
//
// The kernel knows no names: they are bind mounts below /run/netns, made by
// `ip netns` or a network plug-in, or what a container runtime calls the
// container whose processes are in it. The namespace of the host is "host".
//
// The trap to avoid: the kernel gives the inode number of a dead namespace to
// the next one at once. A name is believed for a second, then its proof, the
// mount or the process, is looked at again.
package netnsname
