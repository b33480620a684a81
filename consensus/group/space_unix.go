//go:build unix

package group

import "golang.org/x/sys/unix"

// freeSpace returns the bytes of the file system of dir that are free to this process.
func freeSpace(dir string) (uint64, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, err
	}
	return fs.Bavail * uint64(fs.Bsize), nil
}
