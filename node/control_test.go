package node

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// reached reports whether somebody takes connections at the socket and talks with whoever comes.
func reached(path string) bool {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return false
	}
	defer conn.Close()
	got, err := io.ReadAll(conn)
	return err == nil && string(got) == "here"
}

// answering opens the socket of a folder, and answers whoever comes.
func answering(t *testing.T, dir string, log *slog.Logger) *control {
	t.Helper()
	c, err := openControl(filepath.Join(dir, client.SocketName), dir, log)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := c.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("here"))
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		if err := c.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		<-ended
	})
	return c
}

// TestSocketIsMadeAgain (D15): a socket that is deleted under the running node is made again, as
// often as that happens, for its owner alone, and that is logged.
func TestSocketIsMadeAgain(t *testing.T) {
	var log strings.Builder
	dir := t.TempDir()
	c := answering(t, dir, slog.New(slog.NewTextHandler(&log, nil)))
	for range 3 {
		if c.look(); !reached(c.path) {
			t.Fatal("not reached")
		}
		if err := os.Remove(c.path); err != nil {
			t.Fatal(err)
		}
	}
	c.look()
	info, err := os.Lstat(c.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v", info, err)
	}
	if n := strings.Count(log.String(), "was made again"); n != 3 {
		t.Errorf("logged %d times: %s", n, &log)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(c.path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is left behind: %v", err)
	}
	if c.look(); reached(c.path) {
		t.Error("made again after the end")
	}
}

// TestSocketIsDisplaced: of a file or folder that has the place of the socket the log says what to
// do, once; when it is moved away, the socket is made again.
func TestSocketIsDisplaced(t *testing.T) {
	for what, put := range map[string]func(path string) error{
		"file":   func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"folder": func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		var log strings.Builder
		c := answering(t, t.TempDir(), slog.New(slog.NewTextHandler(&log, nil)))
		if err := errors.Join(os.Remove(c.path), put(c.path)); err != nil {
			t.Fatal(err)
		}
		c.look()
		c.look()
		if n := strings.Count(log.String(), "move it away"); n != 1 {
			t.Errorf("%s: told %d times: %s", what, n, &log)
		}
		if err := os.Remove(c.path); err != nil {
			t.Fatal(err)
		}
		if c.look(); !reached(c.path) {
			t.Errorf("%s: not reached", what)
		}
	}
}

// TestSocketOfAnother: where the data directory was moved away, and another one has its place, no
// socket is made there, which is told once; that of another node stays as it is.
func TestSocketOfAnother(t *testing.T) {
	var log strings.Builder
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	c := answering(t, dir, slog.New(slog.NewTextHandler(&log, nil)))
	if err := errors.Join(os.Rename(dir, dir+".old"), os.Mkdir(dir, 0o700)); err != nil {
		t.Fatal(err)
	}
	c.look()
	c.look()
	if left, err := os.ReadDir(dir); len(left) != 0 || strings.Count(log.String(), "cannot be made again") != 1 {
		t.Errorf("got %v, %v, with the log %s", left, err, &log)
	}
	other := answering(t, dir, slog.New(slog.DiscardHandler))
	c.look()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if other.look(); !reached(other.path) {
		t.Error("the socket of the other node is gone")
	}
}

// TestPlaceOfTheSocketTaken: a file that is no socket is not deleted, and named; a socket that a
// crash left, and a link, are replaced.
func TestPlaceOfTheSocketTaken(t *testing.T) {
	for what, row := range map[string]struct {
		make func(path string) error
		want text.Code
	}{
		"a file":   {func(path string) error { return os.WriteFile(path, []byte("mine"), 0o600) }, text.SocketTaken},
		"a folder": {func(path string) error { return os.Mkdir(path, 0o700) }, text.SocketTaken},
		"a link":   {func(path string) error { return os.Symlink("/dev/null", path) }, ""},
		"a socket": {func(path string) error {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
			if err == nil {
				l.SetUnlinkOnClose(false)
				err = l.Close()
			}
			return err
		}, ""},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, client.SocketName)
		if err := row.make(path); err != nil {
			t.Fatal(err)
		}
		before, _ := os.Lstat(path)
		c, err := openControl(path, dir, slog.New(slog.DiscardHandler))
		if err == nil {
			err = c.Close()
		}
		if row.want == "" {
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
			continue
		}
		after, left := os.Lstat(path)
		if f := text.AsFailure(err); f.Code != row.want || f.Args["file"] != path || left != nil || !os.SameFile(before, after) {
			t.Errorf("%s: got %v; left %v", what, err, left)
		}
	}
}
