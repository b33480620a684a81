//go:build linux

package node

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// damages are what may happen to a file of a data directory that nobody serves. other is the same
// file of another node; nil: it has none.
var damages = map[string]func(path string, whole, other []byte) error{
	"missing": func(path string, _, _ []byte) error { return nil },
	"empty":   func(path string, _, _ []byte) error { return os.WriteFile(path, nil, 0o600) },
	"zeroed":  func(path string, whole, _ []byte) error { return os.WriteFile(path, make([]byte, len(whole)), 0o600) },
	"flipped": func(path string, whole, _ []byte) error {
		b := bytes.Clone(whole)
		b[used(b)*3/7] ^= 4
		return os.WriteFile(path, b, 0o600)
	},
	"half":  func(path string, whole, _ []byte) error { return os.WriteFile(path, whole[:used(whole)/2], 0o600) },
	"other": func(path string, _, other []byte) error { return os.WriteFile(path, other, 0o600) },
	"mode":  func(path string, whole, _ []byte) error { return os.WriteFile(path, whole, 0) },
	"dir":   func(path string, _, _ []byte) error { return os.Mkdir(path, 0o700) },
}

// used returns how long a file is without the zeros at its end, which were written in advance.
func used(b []byte) int { return len(bytes.TrimRight(b, "\x00")) }

// fileKind is what is told where a file of the kind is damaged.
type fileKind struct {
	name   string
	codes  []text.Code // beside those that every file has
	starts []string    // damages with which the node starts
}

// fileKinds are all files of a data directory. What is not here has no test: add it.
var fileKinds = []fileKind{
	{`FORMAT`, []text.Code{text.DirNewer, text.DirOlder}, []string{"other", "half"}},
	{`config\.yaml`, []text.Code{text.ConfigInvalid, text.ConfigWrongKey, text.ConfigForm}, []string{"flipped"}},
	{`lock`, []text.Code{text.DirReadOnly}, []string{"missing", "empty", "zeroed", "flipped", "half", "other"}},
	{`j/NAME/keystore`, []text.Code{text.KeystoreOther}, nil},
	{`j/NAME/state\.db`, []text.Code{text.PartOther}, []string{"flipped"}},
	{`j/NAME/wal/wal-meta\.db`, []text.Code{text.PartOther, text.LogGap}, []string{"flipped"}},
	{`j/NAME/wal/[0-9a-f-]+\.wal`, []text.Code{text.PartOther, text.LogGap}, []string{"flipped"}},
	{`j/NAME/chain`, []text.Code{text.ChainMissing, text.PartOther}, nil},
	{`j/NAME/certs/(log\.key|ca\.crt|(signing|decryption)(-[0-9]+)?\.(key|crt))`, []text.Code{text.PartOther}, nil},
	{`j/NAME/certs/ca-[0-9]+\.crt`, []text.Code{text.PartOther}, nil},
	{`j/NAME/certs/in-use`, []text.Code{text.PartOther, text.PartMissing}, nil},
	{`j/NAME/certs/ca(-[0-9]+)?\.key`, nil, everyDamage}, // an alarm: see TestIssuerIsMissing
	{`j/NAME/place`, nil, everyDamage},                   // a question: see host
	{`j/NAME/certs/recovery\.pub`, nil, everyDamage},     // it is written anew: see there
}

var everyDamage = slices.Sorted(maps.Keys(damages))

// tried is a stopped node whose files are damaged one after the other.
type tried struct {
	dir, other string              // the second is that of another node, in the same form
	starts     map[string][]string // damages with which it starts, by the end of the path
}

// kindOf returns the kind of a file.
func kindOf(t *testing.T, name string) fileKind {
	t.Helper()
	name = regexp.MustCompile(`^j/[^/]+/`).ReplaceAllString(name, "j/NAME/")
	for _, k := range fileKinds {
		if regexp.MustCompile(`^` + k.name + `$`).MatchString(name) {
			return k
		}
	}
	t.Errorf("%s is a new kind of file of a data directory: say in fileKinds what is told where it is damaged", name)
	return fileKind{starts: everyDamage}
}

// files returns the files under dir, with slashes, without sockets.
func files(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			name, _ := filepath.Rel(dir, path)
			all = append(all, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// stateOf returns every file and folder with its size, mode and time.
func stateOf(dir string) map[string]string {
	all := map[string]string{}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if info, e := os.Lstat(path); e == nil && !d.IsDir() {
			all[path] = fmt.Sprint(info.Size(), info.Mode(), info.ModTime())
		}
		return nil
	})
	return all
}

// TestEveryDamagedFile (D3) damages every file of a data directory in every way. The node does not
// start, by one of the known sentences, or the damage is one with which it may; nothing else on the
// disk changes. ledger verify says so, too, of what it reads.
func TestEveryDamagedFile(t *testing.T) {
	if testing.Short() {
		t.Skip("300 starts")
	}
	_, c := city(t)
	stopped := func(name string) string {
		dir := filepath.Join(t.TempDir(), name)
		if _, err := Join(t.Context(), dir, invited(t, c, name).Token, quiet()); err != nil {
			t.Fatal(err)
		}
		stop := serve(t, dir)
		if _, err := dial(t, dir, "en").AddAgency(t.Context(), client.NewAgency{Code: "civil-affairs", Title: "民政局"}); err != nil {
			t.Fatal(err)
		}
		stop()
		return dir
	}
	n := tried{dir: stopped("南明区"), other: stopped("云岩区")}
	n.everyFile(t)
	root, _ := initDir(t)
	stop := serve(t, root)
	if _, err := dial(t, root, "en").NewKeys(t.Context(), client.NewKeys{Revoke: true}); err != nil {
		t.Fatal(err)
	}
	stop()
	tried{dir: root, starts: map[string][]string{ // a decryption key that was replaced may go, and is looked at by nobody
		"certs/decryption.key": {"missing", "flipped"},
	}}.everyFile(t)
}

func (n tried) everyFile(t *testing.T) {
	defer asNobody(t, n.dir)()
	for _, name := range files(t, n.dir) {
		kind := kindOf(t, name)
		path := filepath.Join(n.dir, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var other []byte
		if n.other != "" {
			found, _ := filepath.Glob(filepath.Join(n.other, regexp.MustCompile(`^j/[^/]+/`).ReplaceAllString(name, "j/*/")))
			if len(found) == 1 {
				other, _ = os.ReadFile(found[0])
			}
		}
		for _, damage := range everyDamage {
			if slices.Contains(append(n.starts[last(name)], kind.starts...), damage) || damage == "other" && other == nil || damage == "flipped" && len(whole) == 0 {
				continue
			}
			n.damaged(t, path, kind, damage, whole, other) // no subtest: it would be another thread
			if err := errors.Join(os.RemoveAll(path), os.WriteFile(path, whole, 0o600)); err != nil {
				t.Fatal(err)
			}
			own(path)
		}
	}
	if err := started(t, n.dir); err != nil {
		t.Errorf("the directory as it was: %v", err)
	}
}

// last returns the last folder and the file of a path.
func last(name string) string {
	parts := strings.Split(name, "/")
	return strings.Join(parts[max(0, len(parts)-2):], "/")
}

func (n tried) damaged(t *testing.T, path string, kind fileKind, damage string, whole, other []byte) {
	if err := errors.Join(os.Remove(path), damages[damage](path, whole, other)); err != nil {
		t.Fatal(err)
	}
	own(path)
	before, what := stateOf(n.dir), strings.TrimPrefix(path, n.dir)+" "+damage
	err := started(t, n.dir)
	if err == nil {
		t.Errorf("%s: the node started", what)
		return
	}
	codes := append([]text.Code{text.PartDamaged}, kind.codes...)
	switch damage {
	case "missing":
		codes = append(kind.codes, text.PartMissing)
	case "mode":
		codes = append(kind.codes, text.PartForbidden)
	case "dir":
		codes = append(kind.codes, text.PartNotFile)
	}
	f, ok := errors.AsType[*text.Failure](err)
	if !ok || !slices.Contains(codes, f.Code) {
		t.Errorf("%s: got %v, want one of %s", what, err, codes)
		return
	}
	explained(t, what, f, n.dir)
	after := stateOf(n.dir)
	changed := maps.Clone(after)
	for _, all := range []map[string]string{before, after} { // the log was replayed before these were looked at
		maps.DeleteFunc(all, func(file, _ string) bool {
			return strings.HasSuffix(file, "state.db") || strings.Contains(file, "/wal/")
		})
	}
	if !maps.Equal(before, after) {
		t.Errorf("%s: files changed: got %v, want %v", what, after, before)
	}
	told := verified(t, n.dir)
	if told == nil || told.Code != f.Code {
		t.Errorf("%s: ledger verify: got %v, want what the start says, %s", what, told, f.Code)
		return
	}
	explained(t, what, told, n.dir)
	if now := stateOf(n.dir); !maps.Equal(now, changed) {
		t.Errorf("%s: ledger verify changed files: got %v, want %v", what, now, changed)
	}
}

// verified returns why ledger verify says that no node starts with a directory; nil: it does not.
func verified(t *testing.T, dir string) *text.Failure {
	t.Helper()
	report, err := VerifyData(t.Context(), dir, "", nil)
	switch {
	case err != nil:
		return text.AsFailure(err)
	case report.Refused != nil:
		return &text.Failure{Code: report.Refused.Code, Args: report.Refused.Args, Err: report.Refused.Err}
	}
	return nil
}

// explained checks what a person reads: the place, what to do, and no advice that cannot help.
func explained(t *testing.T, what string, f *text.Failure, dir string) {
	t.Helper()
	for _, l := range []text.Lang{text.Zh, text.En} {
		e := text.Explain(l, f.Code, f.Args)
		all := e.What + e.Where + e.Do
		if !strings.Contains(all, dir) || e.Do == "" || strings.Contains(all, "try again") || strings.Contains(all, "重试") || strings.Contains(all, "{") {
			t.Errorf("%s: %s: got %+v", what, f.Code, e)
		}
	}
}

// started opens the node, and closes it again.
func started(t *testing.T, dir string) error {
	t.Helper()
	n, err := Open(t.Context(), dir, Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return n.Close()
}

const nobody = 65534

// asNobody makes this thread another user, to whom the directory belongs, until back is called:
// root may read any file.
func asNobody(t *testing.T, dir string) (back func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		return func() {}
	}
	_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error { own(path); return err })
	for above := filepath.Dir(dir); above != filepath.Dir(above) && above != os.TempDir(); above = filepath.Dir(above) {
		_ = os.Chmod(above, 0o755)
	}
	runtime.LockOSThread()
	unix.SetfsuidRetUid(nobody)
	return func() { unix.SetfsuidRetUid(0); runtime.UnlockOSThread() }
}

// own gives a file to whom asNobody made this thread.
func own(path string) {
	if os.Geteuid() == 0 {
		_ = os.Lchown(path, nobody, nobody)
	}
}
