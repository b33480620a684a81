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
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/node/ground/config"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// FormatVersion is the version of the layout, and of all that lies in it: also the bodies and the
// results of commands, which raft's log and the kept answers hold. Another version is refused.
const FormatVersion = 19

const (
	formatName   = "FORMAT"
	lockName     = "lock"
	hostedFolder = "j"
)

// unfinished are the files that an interrupted Init may leave in a data directory, beside the
// folder j.
var unfinished = []string{lockName, config.FileName, config.FileName + ".new", formatName + ".new"}

// CheckEmpty refuses, as Occupied does, a directory that holds anything other than an unfinished
// Init of the same jurisdiction. A directory that does not exist is empty.
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
			return Occupied(dir)
		}
	}
	return nil
}

// Error returns an error about a data directory as the *text.Failure that a person reads. It
// returns an error that it does not know, and nil, as they are.
func Error(dir string, err error) error {
	args := text.Args{"dir": dir}
	if part, ok := errors.AsType[*host.PartError](err); ok {
		return failure.Part(part)
	}
	if part, ok := errors.AsType[*host.ForeignError](err); ok {
		return foreign(part, err)
	}
	if damage, ok := errors.AsType[*state.DamageError](err); ok {
		return failure.Part(&host.PartError{Part: host.PartLedger, File: damage.File, Err: err})
	}
	if removed, ok := errors.AsType[*host.RemovedError](err); ok {
		return text.Fail(text.ReplicaWasRemoved, text.Args{"replica": removed.Replica.String()}, err)
	}
	if shared, ok := errors.AsType[*host.SharedError](err); ok {
		return text.Fail(text.JoinShared, text.Args{"jurisdiction": shared.In.String(), "replica": shared.Replica.String(), "dir": dir}, err)
	}
	if anew, ok := errors.AsType[*host.AnewError](err); ok {
		return text.Fail(text.KeysUnendorsed, text.Args{"jurisdiction": anew.In.String(), "dir": dir}, err)
	}
	if full, ok := errors.AsType[*group.SpaceError](err); ok {
		return noStart(full.Dir, full.Free, full.Needed, err)
	}
	switch {
	case errors.Is(err, state.ErrInUse), errors.Is(err, errLocked):
		return text.Fail(text.DirInUse, args, err)
	case errors.Is(err, state.ErrNewerFormat):
		return text.Fail(text.DirNewer, text.Args{"dir": dir, "format": "?", "version": strconv.Itoa(FormatVersion)}, err)
	case errors.Is(err, state.ErrOlderFormat):
		return text.Fail(text.DirOlder, text.Args{"dir": dir, "format": "?", "version": strconv.Itoa(FormatVersion)}, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return text.Fail(text.DirReadOnly, args, err)
	case errors.Is(err, fs.ErrNotExist):
		return text.Fail(Absent(dir), args, err)
	}
	return err
}

// Absent returns the problem of a directory that is not that of a node: there is none, or it lacks
// what a node has.
func Absent(dir string) text.Code {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return text.DirAbsent
	}
	return text.DirNotNode
}

// noStart returns the failure of a disk on which no node can be made or start.
func noStart(dir string, free, needed uint64, err error) error {
	return text.Fail(text.DiskNoStart, text.Args{"dir": dir, "free": text.Mebibytes(free), "needed": text.Mebibytes(needed)}, err)
}

// checkSpace refuses to make a node where it could not start.
func checkSpace(dir string) error {
	free, err := FreeSpace(dir)
	if err == nil && free < group.DefaultMinFree {
		return noStart(dir, free, group.DefaultMinFree, nil)
	}
	return err
}

// part returns an error of a file of the directory itself, where it is about that file.
func part(dir, name string, kind host.Part, err error) error {
	at, ok := errors.AsType[*fs.PathError](err)
	if ok && (errors.Is(at, fs.ErrNotExist) || errors.Is(at, fs.ErrPermission) || errors.Is(at, syscall.EISDIR) || errors.Is(at, syscall.ENOTDIR)) {
		return failure.Part(&host.PartError{Part: kind, File: filepath.Join(dir, name), Err: at})
	}
	return Error(dir, err)
}

// CheckHosted refuses a directory without the folder of a jurisdiction that it hosts.
func CheckHosted(dir string, name identity.Jurisdiction) error {
	folder := host.Folder(dir, name)
	info, err := os.Stat(folder)
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: folder, Err: syscall.ENOTDIR}
	}
	if err != nil {
		return part(dir, filepath.Join(hostedFolder, name.String()), host.PartLedger, err)
	}
	return nil
}

// CheckNames is CheckName of all jurisdictions that a configuration names.
func CheckNames(dir, file string, c config.Config) error {
	for _, j := range c.Jurisdictions {
		if err := CheckName(dir, file, c, j.Name); err != nil {
			return err
		}
	}
	return nil
}

// CheckAnyName is CheckName of the first of them, where no other one is better.
func CheckAnyName(dir, file string, c config.Config) (first error) {
	for _, j := range c.Jurisdictions {
		err := CheckName(dir, file, c, j.Name)
		if err == nil {
			return nil
		}
		first = cmp.Or(first, err)
	}
	return first
}

// CheckName refuses a directory without the folder of a jurisdiction that its configuration names.
// Where it has the folder of another instead, the name in the configuration is told, or else the
// folder.
func CheckName(dir, file string, c config.Config, name identity.Jurisdiction) error {
	err := CheckHosted(dir, name)
	if err == nil {
		return nil
	}
	if _, there := os.Lstat(host.Folder(dir, name)); !errors.Is(there, fs.ErrNotExist) {
		return err
	}
	if found := unnamed(dir, c); len(found) > 0 {
		return text.Fail(text.ConfigName, text.Args{
			"name": name.String(), "found": strings.Join(found, ", "), "file": file, "dir": host.Folder(dir, name),
		}, err)
	}
	return err
}

// maxUnnamed is how many folders are told that a configuration does not name.
const maxUnnamed = 5

// unnamed returns the names of jurisdictions that have a folder, and are not in the configuration.
func unnamed(dir string, c config.Config) (names []string) {
	folders, err := os.ReadDir(filepath.Join(dir, hostedFolder))
	if err != nil {
		return nil
	}
	for _, f := range folders {
		name, err := identity.ParseJurisdiction(f.Name())
		named := slices.ContainsFunc(c.Jurisdictions, func(j config.Jurisdiction) bool { return j.Name == name })
		if err == nil && f.IsDir() && !named && len(names) < maxUnnamed {
			names = append(names, f.Name())
		}
	}
	return names
}

// ReadConfigFile reads a configuration that lies anywhere, as ReadConfig does that of a node.
func ReadConfigFile(path string) (config.Config, error) {
	c, err := config.Read(path)
	return c, ConfigFailure(path, err)
}

// IsNode reports whether a directory has something of a node, so that what it lacks was lost, or is
// one into which this user may not look.
func IsNode(dir string) bool {
	hosted, err := os.ReadDir(filepath.Join(dir, hostedFolder))
	_, configured := os.Stat(filepath.Join(dir, config.FileName))
	return err == nil && len(hosted) > 0 || errors.Is(configured, fs.ErrPermission) || configured == nil || Whole(dir)
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
	if wrong, ok := errors.AsType[*config.Error](err); ok {
		if wrong.Reason == config.Empty {
			return c, failure.Part(&host.PartError{Part: host.PartConfig, File: path, Err: err})
		}
		return c, ConfigFailure(path, err)
	}
	if err != nil && !IsNode(dir) {
		return c, Error(dir, err)
	}
	if err != nil {
		return c, part(dir, config.FileName, host.PartConfig, err)
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
	args := text.Args{"key": e.Key, "file": path, "line": strconv.Itoa(e.Line), "column": strconv.Itoa(e.Column)}
	if e.Unknown {
		args["known"] = e.Reason
		return text.Fail(text.ConfigWrongKey, args, err)
	}
	args["reason"] = e.Reason
	if !config.IsKey(e.Key) { // it is wrong as a whole, and so the name of the file stands for a key
		return text.Fail(text.ConfigForm, args, err)
	}
	args["wanted"] = "setting " + e.Key
	return text.Fail(text.ConfigInvalid, args, err)
}

// Whole reports whether the directory is complete: Init writes FORMAT last.
func Whole(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, formatName))
	return err == nil
}

// CheckFormat refuses a directory that is not complete, or has another format.
func CheckFormat(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, formatName))
	if err != nil && !IsNode(dir) {
		return Error(dir, err)
	}
	if err != nil {
		return part(dir, formatName, host.PartFormat, err)
	}
	args := text.Args{"dir": dir, "format": strings.TrimSpace(string(data)), "version": strconv.Itoa(FormatVersion)}
	format, err := strconv.ParseUint(args["format"], 10, 16)
	switch {
	case err != nil:
		return failure.Part(&host.PartError{Part: host.PartFormat, File: filepath.Join(dir, formatName), Err: err})
	case format > FormatVersion:
		return text.Fail(text.DirNewer, args, nil)
	case format < FormatVersion:
		return text.Fail(text.DirOlder, args, nil)
	}
	return nil
}
