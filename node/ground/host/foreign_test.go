package host

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"xietong/certs/identity"
)

// TestPartsOfAnotherCopy puts a folder together from two, as a backup of two machines is, or of two
// jurisdictions of one node (D04). Under another keystore no record would be found and each put a
// second time; from another log of raft, the entries of another ledger would be applied here. Each
// is refused at opening, by the name of the part, and the folder as it was still opens.
func TestPartsOfAnotherCopy(t *testing.T) {
	dir, other, neighbour := t.TempDir(), t.TempDir(), t.TempDir()
	for at, entries := range map[string]int{dir: 2, other: 9} {
		h := open(t, at)
		for range entries {
			add(t, h)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
	yunyan, err := identity.ParseJurisdiction("yunyan.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(neighbour, yunyan, time.Now(), 1); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{other, neighbour} {
		for _, part := range []string{Keystore, walFolder, certsFolder} {
			if err := openedMixed(t, dir, from, part); !foreign(err, part) {
				t.Errorf("%s of another copy: got %v, want *ForeignError", part, err)
			}
		}
	}
	if err := openedMixed(t, dir, dir, Keystore); err != nil {
		t.Errorf("the folder as it was: %v", err)
	}
}

func foreign(err error, part string) bool {
	f, ok := errors.AsType[*ForeignError](err)
	return ok && f.Part == part
}

// openedMixed opens, and closes, a copy of dir in which one part is that of another folder.
func openedMixed(t *testing.T, dir, from, part string) error {
	t.Helper()
	mixed := filepath.Join(t.TempDir(), "mixed")
	if err := os.CopyFS(mixed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(mixed, part)
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if part == Keystore {
		data, err := os.ReadFile(filepath.Join(from, part))
		if err = errors.Join(err, os.WriteFile(to, data, 0o600)); err != nil {
			t.Fatal(err)
		}
	} else if err := os.CopyFS(to, os.DirFS(filepath.Join(from, part))); err != nil {
		t.Fatal(err)
	}
	name, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	h, err := Open(t.Context(), mixed, name, Options{Registry: testRegistry(), Logger: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		return err
	}
	return h.Close()
}
