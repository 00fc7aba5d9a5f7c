# shellcheck shell=bash
# Where kernels and systems are kept, and the table that describes the kernels. Sourced by fetch, run and system.

# depmod is in a folder that only root's PATH has.
PATH=$PATH:/usr/sbin:/sbin

vm_dir=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
cache_dir=${RSTTRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rsttrace}
# shellcheck disable=SC2034 # for those who source this
kernels_dir=$cache_dir/kernels systems_dir=$cache_dir/systems

# Names of all kernels in the table.
kernel_names() {
	awk '!/^#/ && NF { print $1 }' "$vm_dir/kernels"
}

# kernel_row NAME: prints the columns of a kernel after its name; fails if the table has no such kernel.
kernel_row() {
	awk -v name="$1" '$1 == name { $1 = ""; print; found = 1 } END { exit !found }' "$vm_dir/kernels"
}
