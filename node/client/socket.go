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

// maxSocketPath is how long the path of a Unix socket may be (sun_path has 108 bytes with the final zero).
const maxSocketPath = 107

// ErrSocket is returned when the socket is there and cannot be opened, for want of permission for example.
var ErrSocket = errors.New("socket cannot be opened")

// SocketPath returns a path of the socket of dataDir that is short enough to be listened on or dialled. release gives
// back what it took; call it after that. A longer path is reached through the directory's file descriptor.
func SocketPath(dataDir string) (path string, release func(), err error) {
	path = filepath.Join(dataDir, SocketName)
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	dir, err := os.Open(dataDir)
	if err != nil {
		return "", nil, fmt.Errorf("open data directory: %w", err)
	}
	release = func() { _ = dir.Close() } // it was only a name
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), SocketName), release, nil
}

// dialer returns a function that opens the socket of dataDir, whatever address it is given.
func dialer(dataDir string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		name := filepath.Join(dataDir, SocketName)
		path, release, err := SocketPath(dataDir)
		if err == nil {
			defer release()
			var conn net.Conn
			if conn, err = new(net.Dialer).DialContext(ctx, "unix", path); err == nil {
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

// unwrapURL takes the method and address that net/http adds off an error; the caller names the operation.
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
