// Package datadir makes, locks and checks the data directory of a node. A directory is made whole
// or not at all, is held by one process, and is refused where it has other content or another
// format.
//
//	config.yaml  the hosted jurisdictions and the addresses; init writes a comment to each key
//	FORMAT       the version of the layout, written last; another version is refused
//	lock         locked by the one process that has the directory open
//	node.sock    the Unix socket of the API, while the node runs
//	j/NAME/      one folder for each hosted jurisdiction (see host)
//
// Its refusals are sentences for a person (see text). It opens no jurisdiction.
package datadir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"xietong/consensus/state"
	"xietong/node/ground/config"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

const (
	formatName    = "FORMAT"
	formatVersion = 5
	lockName      = "lock"
	hostedFolder  = "j"
)

// unfinished are the files that an interrupted Init may leave in a data directory, beside the
// folder j.
var unfinished = []string{lockName, config.FileName, config.FileName + ".new", formatName + ".new"}

// CheckEmpty refuses, with text.DirNotEmpty, a directory that holds anything other than an
// unfinished Init of the same jurisdiction. A directory that does not exist is empty.
func CheckEmpty(dir, name string) error {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return Error(dir, err)
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

// Error returns an error about a data directory as the *text.Failure that a person reads. It
// returns an error that it does not know, and nil, as they are.
func Error(dir string, err error) error {
	args := text.Args{"dir": dir}
	if part, ok := errors.AsType[*host.ForeignError](err); ok {
		return foreign(part, err)
	}
	switch {
	case errors.Is(err, state.ErrInUse), errors.Is(err, errLocked):
		return text.Fail(text.DirInUse, args, err)
	case errors.Is(err, state.ErrNewerFormat):
		return text.Fail(text.DirNewer, text.Args{"dir": dir, "format": "?", "version": strconv.Itoa(formatVersion)}, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return text.Fail(text.DirReadOnly, args, err)
	case errors.Is(err, fs.ErrNotExist):
		return text.Fail(text.DirNotNode, args, err)
	}
	return err
}

// foreign returns what is told of a part of another copy.
func foreign(part *host.ForeignError, err error) error {
	if part.Part == host.Keystore {
		return text.Fail(text.KeystoreOther, text.Args{"dir": part.Dir}, err)
	}
	return text.Fail(text.PartOther, text.Args{"part": part.Part, "dir": part.Dir}, err)
}

// ReadConfig reads the configuration of a data directory. The error says which key or file is
// wrong, and why.
func ReadConfig(dir string) (config.Config, error) {
	path := filepath.Join(dir, config.FileName)
	c, err := config.Read(path)
	if _, wrong := errors.AsType[*config.Error](err); wrong {
		return c, ConfigFailure(path, err)
	}
	if err != nil {
		return c, Error(dir, err)
	}
	return c, nil
}

// ConfigFailure returns a *config.Error of the file at path as the *text.Failure that a person
// reads, and any other error as it is.
func ConfigFailure(path string, err error) error {
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

// Whole reports whether the directory is complete: Init writes FORMAT last.
func Whole(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, formatName))
	return err == nil
}

// CheckFormat refuses a directory that is not complete, or has another format.
func CheckFormat(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, formatName))
	if err != nil {
		return Error(dir, err)
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
