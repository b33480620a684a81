package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// SocketName is the name of the socket in a data directory.
const SocketName = "node.sock"

// maxSocketPath is the longest path of a Unix socket, in bytes (sun_path has 108 bytes with the
// final zero).
const maxSocketPath = 107

// ErrSocket is returned when the socket is there and cannot be opened, for want of permission for
// example.
var ErrSocket = errors.New("socket cannot be opened")

// SocketPath returns a path of the socket of dataDir that is short enough to be listened on or
// dialled. If the plain path is too long, it is a path through a file descriptor of the directory.
// The caller calls release, which closes that descriptor, after it has listened or dialled.
func SocketPath(dataDir string) (path string, release func(), err error) {
	path = filepath.Join(dataDir, SocketName)
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	dir, err := os.Open(dataDir)
	if err != nil {
		return "", nil, fmt.Errorf("open data directory: %w", err)
	}
	release = func() { _ = dir.Close() } // it served as a name alone
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), SocketName), release, nil
}

// Dialer returns a function that dials the socket of dataDir and ignores the address it is given.
// Its error wraps ErrNotRunning where nobody listens.
func Dialer(dataDir string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		name := filepath.Join(dataDir, SocketName)
		path, release, err := SocketPath(dataDir)
		if err == nil {
			defer release()
			var conn net.Conn
			if conn, err = dialSocket(ctx, path); err == nil {
				return conn, nil
			}
		}
		switch {
		case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ECONNREFUSED):
			return nil, fmt.Errorf("%w: nobody listens on %s", ErrNotRunning, name)
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w: %s: %w", ErrSocket, name, err)
	}
}

// dialSocket dials a socket. While more clients wait there than the system's queue holds, which a
// crowd that comes at once can do for a moment, it tries again, for five seconds in all.
func dialSocket(ctx context.Context, path string) (net.Conn, error) {
	for pause := 20 * time.Millisecond; ; pause *= 2 {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
		if !errors.Is(err, syscall.EAGAIN) || pause > 5*time.Second/2 || sleep(ctx, pause) != nil {
			return conn, err
		}
	}
}

// unwrapURL removes from an error the method and the address that net/http adds: the caller names
// the operation.
func unwrapURL(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// retryAfter says when to try again after an error answer.
func retryAfter(resp *http.Response) time.Duration {
	if resp.StatusCode != http.StatusServiceUnavailable && resp.StatusCode != http.StatusTooManyRequests {
		return never
	}
	seconds, err := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 16)
	if err != nil {
		return soon
	}
	return time.Duration(seconds) * time.Second
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
