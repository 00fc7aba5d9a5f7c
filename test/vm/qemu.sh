# shellcheck shell=bash
# Boots one guest. Sourced by run.

# boot DIR KERNEL_DIR ARCH MACHINE CPU TIMEOUT DISK [OPTION...]: runs the guest of DIR/initramfs until it is off, with its
# command's output on stdout. DISK may be empty. OPTIONs are further ones of qemu. Leaves DIR/console (kernel log),
# DIR/results.tar and DIR/qemu.log (complaints of the emulator).
# boot_words, if it is set, is added to the kernel's command line.
# Returns 124 or 137 after TIMEOUT seconds, else what qemu returned, which says nothing about the command.
boot() {
	local dir=$1 kernel=$2 arch=$3 machine=$4 cpu=$5 timeout=$6 disk=$7
	local emulator console relay guest status=0
	case $arch in
	amd64) emulator=qemu-system-x86_64 console=ttyS0 ;;
	arm64) emulator=qemu-system-aarch64 console=ttyAMA0 ;;
	esac
	local options=(
		# One thread: with more, kernels from 7.0 on crash when they patch their own code at boot.
		-machine "$machine" -cpu "$cpu" -accel "tcg,thread=single" -smp 1 -m 1024
		-nodefaults -no-user-config -display none
		-kernel "$kernel/vmlinuz" -initrd "$dir/initramfs"
		# An oops is a failure even where the command survives it. A panic reboots at once, which ends qemu.
		-append "console=$console loglevel=4 panic=-1 oops=panic${boot_words-}" -no-reboot
		-serial "file:$dir/console"
		-device virtio-serial-pci
		# Not qemu's stdio: that hangs up when there is no input.
		-chardev "file,id=output,path=/dev/stdout"
		-device "virtserialport,chardev=output,name=output"
		-chardev "file,id=results,path=$dir/results.tar"
		-device "virtserialport,chardev=results,name=results"
		"${@:8}"
	)
	# What the guest writes there is forgotten.
	[[ ! $disk ]] || options+=(-drive "file=$disk,format=raw,if=virtio,snapshot=on")
	# Not our own stdout, which qemu would truncate if it is a file.
	mkfifo "$dir/output"
	cat "$dir/output" &
	relay=$!
	# setpriv: however this script ends, timeout and qemu end with their parents.
	# In the background, as a trap would not run before a command in the foreground ends.
	setpriv --pdeathsig KILL timeout --kill-after 5 "$timeout" setpriv --pdeathsig KILL \
		"$emulator" "${options[@]}" </dev/null >"$dir/output" 2>"$dir/qemu.log" &
	guest=$!
	wait "$guest" || status=$?
	wait "$relay"
	return "$status"
}
