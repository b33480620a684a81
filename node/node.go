// Package node is where everything meets: it makes a data directory, opens what stands in it, serves it, and closes it.
//
// A data directory holds
//
//	config.yaml  what the node hosts; written by init with a comment to each key
//	FORMAT       the version of the directory's layout; a directory of a later one is refused
//	lock         held by the one process that has the directory open
//	node.sock    the Unix socket of the API, while the node runs
//	j/NAME/      one folder for each hosted jurisdiction (see host)
//
// No business is done here. VerifyReceipt and VerifyData work offline, without a running node.
package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/api"
	"xietong/node/catalog"
	"xietong/node/client"
	"xietong/node/config"
	"xietong/node/host"
	"xietong/node/join"
	"xietong/node/records"
	"xietong/node/sharing"
	"xietong/node/text"
)

const (
	formatName    = "FORMAT"
	formatVersion = 1
	lockName      = "lock"
	hostedFolder  = "j"
	drainWithin   = 5 * time.Second
	headerWithin  = 10 * time.Second
)

// InitOptions say which jurisdiction the node will host.
type InitOptions struct {
	Name        string // such as nanming.guiyang.guizhou; permanent
	Code        string
	DisplayName string // the name when empty
	ShortName   string
	Level       string
}

// InitResult is what Init made.
type InitResult struct {
	Pin    string `json:"pin"`    // of the jurisdiction's first key set: what a stranger verifies from
	Config string `json:"config"` // path of the configuration
}

// Init makes a data directory with one hosted jurisdiction. Repeated after a crash it finishes the work; on a directory
// that holds anything else it changes nothing. (1) The jurisdiction's folder, (2) the configuration, (3) FORMAT, which
// says that the directory is whole; each is written under another name and renamed.
func Init(dir string, o InitOptions) (made InitResult, err error) {
	name, err := identity.ParseJurisdiction(o.Name)
	if err != nil {
		return made, text.Fail(text.BadRequest, text.Args{"where": "NAME", "reason": err.Error()}, err)
	}
	content := config.Render(config.Config{Jurisdictions: []config.Jurisdiction{{
		Name: name, DisplayName: cmp.Or(o.DisplayName, o.Name), ShortName: o.ShortName, Code: o.Code, Level: o.Level,
	}}})
	if _, err := config.Parse(content); err != nil { // before anything is made
		return made, configFailure(filepath.Join(dir, config.FileName), err)
	}
	if err := checkEmpty(dir, o.Name); err != nil {
		return made, err
	}
	if err := host.MakeFolder(dir); err != nil {
		return made, dirError(dir, err)
	}
	unlock, err := lock(dir)
	if err != nil {
		return made, dirError(dir, err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := checkEmpty(dir, o.Name); err != nil { // another process may have finished meanwhile
		return made, err
	}
	pin, err := host.Create(host.Folder(dir, name), name, time.Now())
	if err != nil {
		return made, dirError(dir, err)
	}
	path := filepath.Join(dir, config.FileName)
	if err := host.WriteFile(path, content); err != nil {
		return made, dirError(dir, err)
	}
	if err := host.WriteFile(filepath.Join(dir, formatName), []byte(strconv.Itoa(formatVersion)+"\n")); err != nil {
		return made, dirError(dir, err)
	}
	return InitResult{Pin: pin.String(), Config: path}, nil
}

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

// ServeOptions of a node.
type ServeOptions struct {
	Logger  *slog.Logger
	Version string
	Ready   func() // called once the socket answers
}

// Serve opens the data directory and serves it until ctx ends: (1) the lock, (2) format and configuration, (3) each
// jurisdiction, (4) the socket. It closes them in the opposite order. A replica whose state is unknown, or is not that of
// the majority, ends it at once, with an error that says so.
func Serve(ctx context.Context, dir string, o ServeOptions) (err error) {
	unlock, err := lock(dir)
	if err != nil {
		return dirError(dir, err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := checkFormat(dir); err != nil {
		return err
	}
	settings, err := readConfig(dir)
	if err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(ctx)
	defer func() {
		if failed, ok := errors.AsType[*replicaError](context.Cause(ctx)); ok {
			err = errors.Join(failed.told(), err)
		}
		end(nil)
	}()
	var hosted []api.Hosted
	defer func() {
		for _, h := range hosted {
			err = errors.Join(err, h.Host.Close())
		}
	}()
	for _, c := range settings.Jurisdictions {
		h, err := openHosted(ctx, end, dir, c, o.Logger)
		if err != nil {
			return dirError(dir, err)
		}
		hosted = append(hosted, h)
	}
	return serveSocket(ctx, filepath.Join(dir, client.SocketName), api.New(o.Version, o.Logger, hosted), o.Ready)
}

func openHosted(ctx context.Context, end context.CancelCauseFunc, dir string, c config.Jurisdiction, logger *slog.Logger) (api.Hosted, error) {
	name := c.Name
	registry := state.NewRegistry()
	catalog.Register(registry)
	records.Register(registry)
	sharing.Register(registry, records.Standing)
	join.Register(registry)
	h, err := host.Open(ctx, host.Folder(dir, name), name, host.Options{
		Registry: registry, Logger: logger, Now: time.Now,
		Fatal: func(err error) {
			logger.Error("replica stopped", "jurisdiction", name.String(), "replica", host.FirstReplica().String(), "error", err)
			end(&replicaError{host.FirstReplica(), err})
		},
	})
	if err != nil {
		return api.Hosted{}, err
	}
	return api.Hosted{Host: h, Records: records.NewDesk(h), DisplayName: c.DisplayName, Code: c.Code, Level: c.Level}, nil
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
	format, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil || format != formatVersion {
		args := text.Args{"dir": dir, "format": strings.TrimSpace(string(data)), "version": strconv.Itoa(formatVersion)}
		return text.Fail(text.DirNewer, args, err)
	}
	return nil
}

// serveSocket serves the API on a Unix socket that the owner alone may open. A socket left by a crash is replaced: the
// lock is held, so nobody listens on it.
func serveSocket(ctx context.Context, path string, handler http.Handler, ready func()) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("serve: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(fmt.Errorf("serve: %w", err), listener.Close())
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: headerWithin}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	if ready != nil {
		ready()
	}
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	if _, failed := errors.AsType[*replicaError](context.Cause(ctx)); failed {
		err = server.Close() // whoever waits for this replica waits in vain
		<-ended
		return err
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainWithin)
	defer cancel()
	err = server.Shutdown(drain)
	<-ended
	return err
}
