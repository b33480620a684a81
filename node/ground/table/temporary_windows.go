package table

import (
	"crypto/rand"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// temporary makes a file that goes when it is closed, however this process ends. Here a file that
// is open cannot be removed, so it keeps its name until then.
func temporary(dir, prefix string) (*os.File, error) {
	const mode = os.O_RDWR | os.O_CREATE | os.O_EXCL | windows.FILE_FLAG_DELETE_ON_CLOSE
	return os.OpenFile(filepath.Join(dir, prefix+rand.Text()), mode, 0o600)
}
