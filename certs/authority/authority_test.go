package authority

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

var now = time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)

func names(t *testing.T) (identity.Jurisdiction, identity.Replica) {
	t.Helper()
	j, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	r, err := identity.NewReplica(1)
	if err != nil {
		t.Fatal(err)
	}
	return j, r
}

func TestCreateIsRepeatable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certs")
	j, r := names(t)
	a, err := Create(dir, j, r, now)
	if err != nil {
		t.Fatal(err)
	}
	signed, pin, err := a.FirstKeySet(1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Create(dir, j, r, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	again, pin2, err := b.FirstKeySet(1)
	if err != nil || pin2 != pin || !bytes.Equal(signed, again) {
		t.Errorf("a repeated Create changed the key set: %v, %s, %s", err, pin, pin2)
	}
	sets, err := trust.Walk(pin, [][]byte{signed})
	if err != nil || len(sets) != 1 || !bytes.Equal(sets[0].LogKey(r), a.LogPublic()) {
		t.Errorf("walk: got %v, %v", sets, err)
	}
}

// TestCreateFinishes checks that a second Create repairs a crash between any two files.
func TestCreateFinishes(t *testing.T) {
	j, r := names(t)
	for _, lost := range []string{caCertFile, signingKeyFile, signingCertFile, logKeyFile, decryptionKeyFile} {
		dir := t.TempDir()
		if _, err := Create(dir, j, r, now); err != nil {
			t.Fatal(err)
		}
		removeFrom(t, dir, lost)
		if _, err := Open(dir, j, r); !errors.Is(err, ErrNoKeys) {
			t.Errorf("open without %s: got %v, want ErrNoKeys", lost, err)
		}
		if _, err := Create(dir, j, r, now); err != nil {
			t.Errorf("create again after %s was lost: %v", lost, err)
		}
	}
}

// removeFrom removes a file and every file that Create makes after it.
func removeFrom(t *testing.T, dir, first string) {
	t.Helper()
	gone := false
	for _, name := range []string{caKeyFile, caCertFile, signingKeyFile, signingCertFile, logKeyFile, decryptionKeyFile} {
		gone = gone || name == first
		if gone {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	j, r := names(t)
	other, _ := identity.ParseJurisdiction("yunyan.guiyang.guizhou")
	dir, dir2 := t.TempDir(), t.TempDir()
	for d, name := range map[string]identity.Jurisdiction{dir: j, dir2: other} {
		if _, err := Create(d, name, r, now); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(dir, other, r); err == nil {
		t.Error("another jurisdiction's keys were taken")
	}
	foreign, err := os.ReadFile(filepath.Join(dir2, signingKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, signingKeyFile), foreign, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, j, r); err == nil {
		t.Error("a signing key that does not fit its certificate was taken")
	}
}

func TestKeysAreForTheOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certs")
	j, r := names(t)
	if _, err := Create(dir, j, r, now); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{".": 0o700, caKeyFile: 0o600, signingKeyFile: 0o600, logKeyFile: 0o600, decryptionKeyFile: 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got mode %v, %v, want %v", name, info.Mode().Perm(), err, want)
		}
	}
}
