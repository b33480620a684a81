package node

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"xietong/consensus/state"
	"xietong/node/config"
	"xietong/node/text"
)

const (
	formatName    = "FORMAT"
	formatVersion = 2
	lockName      = "lock"
	hostedFolder  = "j"
)

// unfinished are the files that Init leaves in a data directory when it is cut short, beside the folder j.
var unfinished = []string{lockName, config.FileName, config.FileName + ".new", formatName + ".new"}

// checkEmpty refuses a directory that holds something other than an unfinished Init of the same jurisdiction.
func checkEmpty(dir, name string) error {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return dirError(dir, err)
	}
	for _, f := range files {
		if f.Name() == hostedFolder {
			hosted, err := os.ReadDir(filepath.Join(dir, hostedFolder))
			if err == nil && (len(hosted) == 0 || len(hosted) == 1 && hosted[0].Name() == name) {
				continue
			}
		}
		if !slices.Contains(unfinished, f.Name()) {
			return text.Fail(text.DirNotEmpty, text.Args{"dir": dir}, nil)
		}
	}
	return nil
}

// dirError tells what is wrong with a data directory.
func dirError(dir string, err error) error {
	args := text.Args{"dir": dir}
	switch {
	case errors.Is(err, state.ErrInUse), errors.Is(err, unix.EWOULDBLOCK):
		return text.Fail(text.DirInUse, args, err)
	case errors.Is(err, state.ErrNewerFormat):
		return text.Fail(text.DirNewer, text.Args{"dir": dir, "format": "?", "version": strconv.Itoa(formatVersion)}, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, unix.EROFS):
		return text.Fail(text.DirReadOnly, args, err)
	case errors.Is(err, fs.ErrNotExist):
		return text.Fail(text.DirNotNode, args, err)
	}
	return err
}

// readConfig reads the configuration of a data directory, and tells what is wrong with it.
func readConfig(dir string) (config.Config, error) {
	path := filepath.Join(dir, config.FileName)
	c, err := config.Read(path)
	if _, wrong := errors.AsType[*config.Error](err); wrong {
		return c, configFailure(path, err)
	}
	if err != nil {
		return c, dirError(dir, err)
	}
	return c, nil
}

func configFailure(path string, err error) error {
	e, ok := errors.AsType[*config.Error](err)
	if !ok {
		return err
	}
	line := strconv.Itoa(e.Line)
	if e.Unknown {
		return text.Fail(text.ConfigWrongKey, text.Args{"key": e.Key, "file": path, "line": line, "known": e.Reason}, err)
	}
	return text.Fail(text.ConfigInvalid, text.Args{"key": e.Key, "reason": e.Reason, "file": path, "line": line}, err)
}

// lock takes the directory for this process. The file stays: only the lock on it counts.
func lock(dir string) (unlock func() error, err error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f.Close, nil
}

func checkFormat(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, formatName))
	if err != nil {
		return dirError(dir, err)
	}
	args := text.Args{"dir": dir, "format": strings.TrimSpace(string(data)), "version": strconv.Itoa(formatVersion)}
	switch format, err := strconv.Atoi(args["format"]); {
	case err != nil || format > formatVersion:
		return text.Fail(text.DirNewer, args, err)
	case format < formatVersion:
		return text.Fail(text.DirOlder, args, nil)
	}
	return nil
}
