# shellcheck shell=bash
# Builds the initramfs of one run. Sourced by run, which sources cache.sh for vm_dir.

# initramfs_base KERNEL_DIR ROOT: lays out busybox, the kernel modules and init below ROOT.
initramfs_base() {
	local kernel=$1 root=$2
	mkdir -p "$root"/{bin,sbin,dev,proc,sys,tmp,run,root,etc}
	cp "$kernel/busybox" "$root/bin/busybox"
	# The kernel's helper: it loads what somebody asks for.
	ln -s /bin/busybox "$root/sbin/modprobe"
	# shellcheck disable=SC2154 # see cache.sh
	cp "$vm_dir/init" "$vm_dir/session" "$root"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
	echo '127.0.0.1 localhost guest' >"$root/etc/hosts"
	initramfs_modules "$kernel/modules" "$root/lib/modules/$(<"$kernel/release")"
}

# initramfs_modules FROM TO: copies the wanted modules, all into one folder, with the lists that modprobe needs of them;
# the list `boot` has the names of those that init loads.
initramfs_modules() {
	local from=$1 to=$2 module file
	mkdir -p "$to"
	while read -r module; do
		file=${module##*/}
		case $module in
		*.xz) xz -dc "$from/$module" >"$to/${file%.xz}" ;;
		*.zst) zstd -qdc "$from/$module" >"$to/${file%.zst}" ;;
		*) cp "$from/$module" "$to/$file" ;;
		esac
	done < <(module_files "$from/modules.dep")
	cp "$from/modules.builtin" "$to" 2>/dev/null || true

	sed -E 's#[^ :]*/##g; s/\.ko\.(xz|zst)/.ko/g' "$from/modules.dep" |
		while IFS=: read -r file module; do
			[[ ! -e $to/$file ]] || echo "$file:$module"
		done >"$to/modules.dep"
	sed -E 's/\.ko:.*//; s/-/_/g' "$to/modules.dep" >"$to/names"
	awk 'FNR == NR { known[$1]; next } $NF in known' "$to/names" "$from/modules.alias" >"$to/modules.alias"
	awk 'FNR == NR { known[$1]; next } $1 in known' "$to/names" "$vm_dir/modules" >"$to/boot"
	rm "$to/names"
}

# module_files MODULES.DEP: prints the files of all wanted modules and their dependencies.
module_files() {
	awk '
		function name(path) {
			sub(/.*\//, "", path)
			sub(/\.ko.*/, "", path)
			gsub(/-/, "_", path)
			return path
		}
		function want(path) {
			if (!wanted[path]++)
				print path
		}
		FNR == NR {
			path = $1
			sub(/:$/, "", path)
			file[name(path)] = path
			for (i = 2; i <= NF; i++) # all of them, also those of dependencies
				needs[path] = needs[path] " " $i
			next
		}
		/^#/ || !NF { next }
		$NF in file {
			path = file[$NF]
			count = split(needs[path], need, " ")
			for (i = 1; i <= count; i++)
				want(need[i])
			want(path)
		}
	' "$1" "$vm_dir/modules"
}

# initramfs_add ROOT FILE PATH: copies a file or folder of the host to a path of the guest.
initramfs_add() {
	local target=$1/${3#/}
	mkdir -p "${target%/*}"
	cp -RL --preserve=mode "$2" "$target"
}

# initramfs_command ROOT COMMAND...: what init is to run.
initramfs_command() {
	local root=$1
	shift
	echo "set -- ${*@Q}" >"$root/command"
}

# initramfs_system ROOT: has init start the system on the disk. It gets what is in ROOT/given, among it a service that
# runs the session.
initramfs_system() {
	local given=$1/given service
	service=$given/etc/systemd/system/session.service
	mkdir -p "${service%/*}/multi-user.target.wants"
	cp "$1/session" "$1/command" "$given"
	ln -s ../session.service "${service%/*}/multi-user.target.wants"
	# Nobody logs in. The service for a login at the console would wait 90 s for a device that no udev announces.
	ln -s /dev/null "${service%/*}/getty.target"
	# Without a machine id it would be the first boot, which asks questions.
	echo 5ec0de00000000000000000000000001 >"$given/etc/machine-id"
	printf '%s\n' '[Service]' 'Environment=HOME=/root' 'ExecStart=/bin/sh /session' 'StandardOutput=null' >"$service"
}

# initramfs_pack ROOT: writes the archive to stdout. Not compressed: unpacking is what an emulated CPU is slow at.
initramfs_pack() {
	(cd "$1" && find . -print0 | cpio --quiet -0 -o -H newc -R 0:0)
}
