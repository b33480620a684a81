//go:build linux

package node

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/faces/client"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// filled is a stopped node with a few entries under a checkpoint.
func filled(t *testing.T) (dir string) {
	t.Helper()
	dir, _ = initDir(t)
	stop := serve(t, dir)
	c := dial(t, dir, "en")
	for _, code := range []string{"civil-affairs", "public-security", "education"} {
		if _, err := c.AddAgency(t.Context(), client.NewAgency{Code: code, Title: code}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Receipt(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	stop()
	return dir
}

// TestReadOnlyDirectory: a node does not start in a read-only directory, and says why; its ledger
// can be verified there.
func TestReadOnlyDirectory(t *testing.T) {
	dir := filled(t)
	base := filepath.Dir(filepath.Dir(dir))
	var all []string
	filepath.WalkDir(base, func(path string, d os.DirEntry, err error) error {
		if err == nil && !strings.HasSuffix(path, ".sock") {
			all = append(all, path)
		}
		return err
	})
	mode := func(folder, file os.FileMode) {
		for _, path := range all {
			m := file
			if info, err := os.Lstat(path); err == nil && info.IsDir() {
				m = folder
			}
			if err := os.Chmod(path, m); err != nil {
				t.Fatal(err)
			}
		}
	}
	mode(0o500, 0o400)
	defer mode(0o700, 0o600)
	if os.Geteuid() == 0 { // root may write anywhere: this thread becomes another user
		for _, path := range all {
			if err := os.Chown(path, nobody, nobody); err != nil {
				t.Skip("cannot give files away")
			}
		}
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		unix.SetfsuidRetUid(nobody)
		defer unix.SetfsuidRetUid(0)
	}
	if err := Serve(t.Context(), dir, ServeOptions{}); text.AsFailure(err).Code != text.DirReadOnly {
		t.Errorf("serve: got %v, want %s", err, text.DirReadOnly)
	}
	if _, err := Init(dir, nanming); text.AsFailure(err).Code != text.DirOfNode {
		t.Errorf("init: got %v, want %s", err, text.DirOfNode)
	}
	if report, err := VerifyData(t.Context(), dir, "", nil); err != nil || report.FirstBad != "" || report.Entries != 4 {
		t.Errorf("verify: got %+v, %v", report, err)
	}
}

// TestOtherUser: to a user who may not look into a directory, every command that needs none running
// says so, and none that it is read-only or no directory of a node.
func TestOtherUser(t *testing.T) {
	dir := filled(t)
	back := asNobody(t, filepath.Dir(dir))
	defer back()
	if os.Geteuid() == 0 {
		unix.SetfsuidRetUid(0)
		if err := os.Chown(dir, 0, 0); err != nil {
			t.Fatal(err)
		}
		unix.SetfsuidRetUid(nobody)
	} else {
		defer os.Chmod(dir, 0o700)
		if err := os.Chmod(dir, 0); err != nil {
			t.Fatal(err)
		}
	}
	_, read := ReadSettings(dir, "")
	_, verified := VerifyData(t.Context(), dir, "", nil)
	for what, err := range map[string]error{
		"serve": Serve(t.Context(), dir, ServeOptions{}), "serve --detach": CheckDir(dir), "config check": read, "ledger verify": verified,
	} {
		if text.AsFailure(err).Code != text.PartForbidden {
			t.Errorf("%s: got %v, want %s", what, err, text.PartForbidden)
		}
	}
}

// TestOtherFormat: a directory of another format, or of none, is refused by every command as by
// serve, before anything is judged by the rules of this one.
func TestOtherFormat(t *testing.T) {
	dir := filled(t)
	for format, want := range map[string]text.Code{"6": text.DirOlder, "999": text.DirNewer, "": text.PartDamaged, "7x": text.PartDamaged} {
		if err := os.WriteFile(filepath.Join(dir, "FORMAT"), []byte(format), 0o600); err != nil {
			t.Fatal(err)
		}
		_, read := ReadSettings(dir, "")
		_, elsewhere := ReadSettings(dir, filepath.Join(dir, "config.yaml"))
		_, verified := VerifyData(t.Context(), dir, "", nil)
		for what, err := range map[string]error{
			"serve": Serve(t.Context(), dir, ServeOptions{}), "config check": read, "config check FILE": elsewhere, "ledger verify": verified,
		} {
			if text.AsFailure(err).Code != want {
				t.Errorf("%s of format %q: got %v, want %s", what, format, err, want)
			}
		}
	}
}

// TestChainIsMissing (D11): of a county that joined, the file with what the parent said is gone, as
// after a partial restore. It does not take itself for a root, and says what to do, which works.
func TestChainIsMissing(t *testing.T) {
	_, c := city(t)
	dir := filepath.Join(t.TempDir(), "nanming")
	if _, err := Join(t.Context(), dir, invited(t, c, "南明区").Token, quiet()); err != nil {
		t.Fatal(err)
	}
	name, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(host.Folder(dir, name), "chain")); err != nil {
		t.Fatal(err)
	}
	if err := Serve(t.Context(), dir, ServeOptions{Logger: slog.New(slog.DiscardHandler)}); text.AsFailure(err).Code != text.ChainMissing {
		t.Errorf("got %v, want %s", err, text.ChainMissing)
	}
	v, err := c.Invite(t.Context(), client.NewInvitation{Name: "南明区", Rekey: true})
	if err == nil {
		_, err = Join(t.Context(), dir, v.Token, quiet())
	}
	if err != nil {
		t.Errorf("joined again: %v", err)
	}
	serve(t, dir)
}

// TestDamagedValue (S01d): a value that is read as the node opens and is damaged is logged, and the
// node opens without it.
func TestDamagedValue(t *testing.T) {
	for bucket, key := range map[string]string{"self-check": "alarms", "roster": "current"} {
		dir, _ := initDir(t)
		overwrite(t, dir, nanming.Name, func(tx *state.Tx) error { return tx.Put(bucket, []byte(key), []byte{0xff, 0x01}) })
		var log bytes.Buffer
		serveLogging(t, dir, slog.New(slog.NewTextHandler(&log, nil)))()
		if n := strings.Count(log.String(), "level=ERROR"); n != 1 || !strings.Contains(log.String(), bucket) {
			t.Errorf("%s: got %d errors in the log, want one that names it:\n%s", bucket, n, &log)
		}
	}
}

// overwrite has a command write what it likes into the state of a stopped node.
func overwrite(t *testing.T, dir, jurisdiction string, write func(tx *state.Tx) error) {
	t.Helper()
	const damage book.Command[book.Nothing, book.Nothing] = 999
	name := mustName(t, jurisdiction)
	registry := commands()
	damage.Handle(registry, func(tx *state.Tx, b book.Nothing) (book.Nothing, error) { return b, write(tx) })
	h, err := host.Open(t.Context(), host.Folder(dir, name), name, host.Options{Registry: registry, Logger: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	_, err = damage.Do(t.Context(), h, book.Request{}, book.Nothing{})
	if err = errors.Join(err, h.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedRosterIsTold (R20): that a piece of the roster of a root is damaged is told by the
// verification of the data, by status and with the roster, with what to do; and to do it mends it.
func TestDamagedRosterIsTold(t *testing.T) {
	const list = "code,level,label,name_zh,parent\n1,country,xx,某国,\n2,province,a,甲省,1\n3,province,b,乙省,1\n"
	dir := filepath.Join(t.TempDir(), "data")
	if _, err := Init(dir, InitOptions{Roster: list}); err != nil {
		t.Fatal(err)
	}
	verified := func(want string) {
		t.Helper()
		report, err := VerifyData(t.Context(), dir, "", nil)
		if err != nil || report.FirstBad != "" || report.DamagedRoster != want {
			t.Errorf("verified: got %+v, %v, want %q damaged", report, err, want)
		}
	}
	verified("")
	overwrite(t, dir, "xx", func(tx *state.Tx) (err error) {
		tx.Scan("roster piece", nil, nil, func(key, _ []byte) bool {
			err = tx.Put("roster piece", bytes.Clone(key), []byte{0x41, 0})
			return false
		})
		return err
	})
	verified("1")
	runtime.GC() // a list that is in use is not read
	stop := serve(t, dir)
	c := client.Dial(dir, client.Options{As: "a"})
	defer c.Close()
	if _, err := c.AddAgency(t.Context(), client.NewAgency{Code: "a", Title: "甲"}); err != nil {
		t.Fatal(err)
	}
	told := func(want string) {
		t.Helper()
		s, err := c.Status(t.Context())
		r, failed := c.Roster(t.Context())
		if err != nil || failed != nil {
			t.Fatal(err, failed)
		}
		got := []string{"", ""}
		for _, a := range s.Jurisdictions[0].Alarms {
			got[0] += a.Code
		}
		if r.Damaged != nil {
			got[1] = r.Damaged.Code
		}
		if got[0] != want || got[1] != want {
			t.Errorf("status tells %q, the roster %q, want %q", got[0], got[1], want)
		}
	}
	told(string(text.RosterDamaged))
	mend := client.NewRoster{CSV: list}
	plan, err := c.PlanRoster(t.Context(), mend)
	if err != nil || !plan.Same || plan.Number != 1 || plan.Damaged == nil {
		t.Fatalf("the plan: %+v, %v", plan, err)
	}
	mend.Plan = plan.Hash
	if _, err := c.PublishRoster(t.Context(), mend); err != nil {
		t.Error(err)
	}
	told("")
	stop()
	verified("")
}
