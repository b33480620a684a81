package host

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// getUUID is FS_IOC_GETFSUUID, which Linux has since 6.9.
const getUUID = 0x80111500

// byUUID has a link to each block device, named by the UUID of its file system.
const byUUID = "/dev/disk/by-uuid"

// systemOf returns the UUID of the file system of a folder; nil: the system does not tell.
func systemOf(dir string) []byte {
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer f.Close()
	var answer struct {
		Len  uint8
		UUID [16]byte
	}
	_, _, failed := unix.Syscall(unix.SYS_IOCTL, f.Fd(), getUUID, uintptr(unsafe.Pointer(&answer)))
	if failed == 0 && answer.Len == 16 {
		return answer.UUID[:]
	}
	return linkedUUID(dir)
}

// linkedUUID finds the UUID under the names of the devices. One that has not 16 bytes, as of FAT,
// is left out.
func linkedUUID(dir string) []byte {
	var at unix.Stat_t
	links, err := os.ReadDir(byUUID)
	if err != nil || unix.Stat(dir, &at) != nil {
		return nil
	}
	for _, link := range links {
		var device unix.Stat_t
		if unix.Stat(filepath.Join(byUUID, link.Name()), &device) != nil || device.Rdev != at.Dev {
			continue
		}
		if id, err := hex.DecodeString(strings.ReplaceAll(link.Name(), "-", "")); err == nil && len(id) == 16 {
			return id
		}
	}
	return nil
}

// idOf returns what tells a file from its copies.
func idOf(path string) (id fileID, ok bool) {
	var s unix.Statx_t
	if unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_INO|unix.STATX_BTIME, &s) != nil {
		return id, false
	}
	id.Inode = s.Ino
	if s.Mask&unix.STATX_BTIME != 0 {
		id.Born = uint64(s.Btime.Sec)*1e9 + uint64(s.Btime.Nsec)
	}
	return id, true
}
