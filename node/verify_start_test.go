//go:build linux

package node

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// copyDir copies a data directory as `cp -a` does, without sockets and without the zeros at the end
// of files.
func copyDir(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // it went away meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		place := filepath.Join(to, strings.TrimPrefix(path, from))
		if d.IsDir() {
			return os.MkdirAll(place, 0o700)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return errors.Join(err, os.WriteFile(place, data[:used(data)], 0o600), os.Truncate(place, int64(len(data))))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// contentOf returns the SHA-256 of every file under dir, with its mode.
func contentOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range files(t, dir) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		info, failed := os.Lstat(filepath.Join(dir, name))
		if err = errors.Join(err, failed); err != nil {
			t.Fatal(err)
		}
		all[name] = fmt.Sprintf("%x %s", sha256.Sum256(data), info.Mode())
	}
	return all
}

// holdsStart holds ledger verify against a start with a copy: where it says that a start is
// refused, it is, by the same code; where it says that all is well, the copy starts, and serves. It
// changes no byte. The result is the code; "": it starts.
func holdsStart(t *testing.T, what, dir string) text.Code {
	t.Helper()
	before := contentOf(t, dir)
	report, err := VerifyData(t.Context(), dir, "", nil)
	told := verifiedCode(report, err)
	if after := contentOf(t, dir); !maps.Equal(before, after) {
		t.Errorf("%s: ledger verify changed files", what)
	}
	n, err := Open(t.Context(), dir, Options{Logger: slog.New(slog.DiscardHandler)})
	refused := text.Code("")
	if err != nil {
		refused = text.AsFailure(err).Code
	} else if err := n.Close(); err != nil {
		t.Errorf("%s: close: %v", what, err)
	}
	damaged := report.FirstBad != "" || report.Contradictions+report.Unreadable > 0 || report.DamagedRoster != ""
	switch {
	case refused != "" && told != refused:
		t.Errorf("%s: the start is refused as %s, ledger verify says %q", what, refused, told)
	case refused == "" && told != "" && report.Refused != nil:
		t.Errorf("%s: it starts, and ledger verify says %s", what, told)
	case refused == "" && told == "" && !damaged:
		serves(t, what, dir)
	}
	return refused
}

// verifiedCode returns the code with which ledger verify says that no node starts; "": it does not.
func verifiedCode(report DataReport, err error) text.Code {
	switch {
	case err != nil:
		return text.AsFailure(err).Code
	case report.Refused != nil:
		return report.Refused.Code
	}
	return ""
}

// serves serves a directory, and records in it.
func serves(t *testing.T, what, dir string) {
	t.Helper()
	stop := serve(t, dir)
	if _, err := dial(t, dir, "en").AddAgency(t.Context(), client.NewAgency{Code: "justice", Title: "司法局"}); err != nil {
		t.Errorf("%s: it was verified, and records nothing: %v", what, err)
	}
	stop()
}

// TestVerifyHoldsTheStart (D31) takes every file of a directory away, empties it, cuts it to half,
// and puts that of an older copy and of another place there; and it copies a directory while its
// node writes. What ledger verify says of each is what the start says.
func TestVerifyHoldsTheStart(t *testing.T) {
	if testing.Short() {
		t.Skip("150 starts")
	}
	_, c := city(t)
	base := t.TempDir()
	dir, older, whole, other := filepath.Join(base, "data"), filepath.Join(base, "older"), filepath.Join(base, "whole"), filepath.Join(base, "other")
	for at, name := range map[string]string{dir: "南明区", other: "云岩区"} {
		if _, err := Join(t.Context(), at, invited(t, c, name).Token, quiet()); err != nil {
			t.Fatal(err)
		}
	}
	add := func(at string, codes ...string) {
		stop := serve(t, at)
		for _, code := range codes {
			if _, err := dial(t, at, "en").AddAgency(t.Context(), client.NewAgency{Code: code, Title: code}); err != nil {
				t.Fatal(err)
			}
		}
		stop()
	}
	add(other, "fire")
	add(dir, "fire")
	copyDir(t, dir, older)
	add(dir, "water", "tax", "forestry")
	copyDir(t, dir, whole)
	none, all := 0, 0
	held := func(what string, spoil func(dir string) error) {
		t.Helper()
		at := filepath.Join(base, "case")
		if err := os.RemoveAll(at); err != nil {
			t.Fatal(err)
		}
		copyDir(t, whole, at)
		if err := spoil(at); err != nil {
			t.Fatal(err)
		}
		if all++; holdsStart(t, what, at) != "" {
			none++
		}
	}
	for _, name := range files(t, whole) {
		content, err := os.ReadFile(filepath.Join(whole, name))
		if err != nil {
			t.Fatal(err)
		}
		put := func(data []byte) func(string) error {
			return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), data, 0o600) }
		}
		held(name+" missing", func(dir string) error { return os.Remove(filepath.Join(dir, name)) })
		held(name+" empty", put(nil))
		held(name+" half", put(content[:used(content)/2]))
		for from, at := range map[string]string{"of an older copy": older, "of another place": other} {
			data, err := os.ReadFile(filepath.Join(at, strings.ReplaceAll(name, "nanming", "yunyan")))
			if at == older {
				data, err = os.ReadFile(filepath.Join(at, name))
			}
			if err == nil && !bytes.Equal(data, content) {
				held(name+" "+from, put(data))
			}
		}
	}
	in := filepath.Join("j", "nanming.guiyang.guizhou")
	for _, part := range []string{"wal", "certs", "keystore", "files", "."} {
		held(part+" missing", func(dir string) error { return os.RemoveAll(filepath.Join(dir, in, part)) })
	}
	for what, parts := range map[string][]string{"log": {"wal"}, "state": {"state.db"}, "keys": {"certs"}, "state and log": {"state.db", "wal"}, "all": {"."}} {
		held(what+" of an older copy", func(dir string) (err error) {
			for _, part := range parts {
				err = errors.Join(err, os.RemoveAll(filepath.Join(dir, in, part)))
				copyTo(t, filepath.Join(older, in, part), filepath.Join(dir, in, part))
			}
			return err
		})
	}
	if none < all/3 || none == all {
		t.Errorf("%d of %d do not start", none, all)
	}
	torn(t, dir, filepath.Join(base, "torn"))
}

// copyTo copies a file or a folder.
func copyTo(t *testing.T, from, to string) {
	t.Helper()
	if info, err := os.Stat(from); err == nil && !info.IsDir() {
		data, err := os.ReadFile(from)
		if err = errors.Join(err, os.WriteFile(to, data, 0o600)); err != nil {
			t.Fatal(err)
		}
		return
	}
	copyDir(t, from, to)
}

// torn copies a directory, file by file, while its node writes.
func torn(t *testing.T, dir, base string) {
	t.Helper()
	stop := serve(t, dir)
	c, done, ended := dial(t, dir, "en"), make(chan struct{}), make(chan struct{})
	wrote := make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
				code := fmt.Sprintf("a%d", i)
				_, _ = c.AddAgency(t.Context(), client.NewAgency{Code: code, Title: code})
			}
			select {
			case wrote <- struct{}{}:
			default:
			}
		}
	}()
	var copies []string
	log := filepath.Join("j", "nanming.guiyang.guizhou", "wal")
	for i := range 12 {
		at, first := fmt.Sprintf("%s%d", base, i), fmt.Sprintf("%s%d-log", base, i)
		if i%2 == 1 { // the log before the state: entries that the state has are not in it
			copyDir(t, filepath.Join(dir, log), first)
			for range 40 {
				<-wrote
			}
		}
		copyDir(t, dir, at)
		if i%2 == 1 {
			if err := os.RemoveAll(filepath.Join(at, log)); err != nil {
				t.Fatal(err)
			}
			copyDir(t, first, filepath.Join(at, log))
		}
		copies = append(copies, at)
	}
	close(done)
	<-ended
	stop()
	refused := 0
	for i, at := range copies {
		if holdsStart(t, fmt.Sprintf("copy %d", i), at) != "" {
			refused++
		}
	}
	if refused == 0 {
		t.Error("each copy of a node that wrote starts")
	}
}
