package main

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// loopback is 127.0.0.1 with a port, as the kernel takes it.
func loopback(port uint16) unix.RawSockaddrInet4 {
	address := unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: [4]byte{127, 0, 0, 1}}
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&address.Port))[:], port)
	return address
}

// patient bounds how long a call on the socket may block.
func patient(fd int) error {
	limit := unix.Timeval{Sec: 10}
	for _, option := range []int{unix.SO_RCVTIMEO, unix.SO_SNDTIMEO} {
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, option, &limit); err != nil {
			return fmt.Errorf("time limit of a socket: %w", err)
		}
	}
	return nil
}

func socket(flags uintptr) (int, unix.Errno) {
	fd, _, errno := unix.RawSyscall(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|flags, 0)
	return int(fd), errno
}

func connect(fd int, target *unix.RawSockaddrInet4) unix.Errno {
	_, _, errno := unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(target)), unix.SizeofSockaddrInet4)
	return errno
}

func accept(fd int) (int, unix.Errno) {
	for {
		accepted, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(fd), 0, 0, unix.SOCK_CLOEXEC, 0, 0)
		if errno != unix.EINTR { // the Go runtime signals threads
			return int(accepted), errno
		}
	}
}

// pendingError is SO_ERROR, which asking clears.
func pendingError(fd int) unix.Errno {
	var value int32
	size := uint32(unsafe.Sizeof(value))
	_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_ERROR,
		uintptr(unsafe.Pointer(&value)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return errno
	}
	return unix.Errno(value)
}

// lingerZero makes close abort the connection.
func lingerZero(fd int) {
	value := unix.Linger{Onoff: 1}
	_, _, _ = unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_LINGER,
		uintptr(unsafe.Pointer(&value)), unsafe.Sizeof(value), 0)
}

func waitFor(fd int, events int16) {
	const millis = 10
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: events}}, millis)
}

// read and write return how many bytes went, or -1.
func read(fd int, buffer []byte) int { return transfer(unix.SYS_READ, fd, buffer) }

func write(fd int, buffer []byte) int { return transfer(unix.SYS_WRITE, fd, buffer) }

func transfer(call uintptr, fd int, buffer []byte) int {
	for {
		n, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(&buffer[0])), uintptr(len(buffer)))
		switch errno {
		case 0:
			return int(n)
		case unix.EINTR: // the Go runtime signals threads
		default:
			return -1
		}
	}
}

func shutdownWrite(fd int) {
	_, _, _ = unix.RawSyscall(unix.SYS_SHUTDOWN, uintptr(fd), unix.SHUT_WR, 0)
}

func closeRaw(fd int) { _, _, _ = unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0) }
