# shellcheck shell=bash
# Builds the initramfs of one run. Sourced by run, which sources cache.sh for vm_dir.

# initramfs_base KERNEL_DIR ROOT: lays out busybox, the kernel modules and init below ROOT.
initramfs_base() {
	local kernel=$1 root=$2
	mkdir -p "$root"/{bin,dev,proc,sys,tmp,run,root,etc,modules}
	cp "$kernel/busybox" "$root/bin/busybox"
	# shellcheck disable=SC2154 # see cache.sh
	cp "$vm_dir/init" "$root/init"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
	echo '127.0.0.1 localhost guest' >"$root/etc/hosts"

	local module file
	while read -r module; do
		file=${module##*/}
		case $module in
		*.xz) file=${file%.xz} && xz -dc "$kernel/modules/$module" >"$root/modules/$file" ;;
		*.zst) file=${file%.zst} && zstd -qdc "$kernel/modules/$module" >"$root/modules/$file" ;;
		*) cp "$kernel/modules/$module" "$root/modules/$file" ;;
		esac
		echo "$file"
	done < <(module_files "$kernel/modules/modules.dep") >"$root/modules/load"
}

# module_files MODULES.DEP: prints the files of all wanted modules and their dependencies, in loading order.
module_files() {
	awk '
		function name(path) {
			sub(/.*\//, "", path)
			sub(/\.ko.*/, "", path)
			gsub(/-/, "_", path)
			return path
		}
		function load(path) {
			if (!loaded[path]++)
				print path
		}
		FNR == NR {
			path = $1
			sub(/:$/, "", path)
			file[name(path)] = path
			# depmod lists all dependencies, the last one is to be loaded first.
			for (i = NF; i > 1; i--)
				needs[path] = needs[path] " " $i
			next
		}
		/^#/ || !NF { next }
		$1 in file {
			path = file[$1]
			count = split(needs[path], need, " ")
			for (i = 1; i <= count; i++)
				load(need[i])
			load(path)
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

# initramfs_pack ROOT: writes the archive to stdout. Not compressed: unpacking is what an emulated CPU is slow at.
initramfs_pack() {
	(cd "$1" && find . -print0 | cpio --quiet -0 -o -H newc -R 0:0)
}
