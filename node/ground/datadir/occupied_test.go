package datadir

import (
	"os"
	"path/filepath"
	"testing"

	"xietong/certs/identity"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// TestOccupied (N19-3, 12, 17): whoever makes or joins something in a directory that is not empty
// is told what that directory is. Package replicas tests the one of a replica that has half joined.
func TestOccupied(t *testing.T) {
	whole, begun, other := t.TempDir(), t.TempDir(), t.TempDir()
	if _, err := Init(whole, nanming); err != nil {
		t.Fatal(err)
	}
	name, err := identity.ParseJurisdiction(nanming.Name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(host.Folder(begun, name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, "letter.docx"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]struct {
		code    text.Code
		replica string
	}{
		whole: {text.DirOfNode, "r1"}, begun: {text.DirUnfinished, "?"}, other: {text.DirNotEmpty, ""},
	} {
		f := text.AsFailure(CheckEmpty(dir, "yunyan.guiyang.guizhou"))
		if f == nil || f.Code != want.code || f.Args["dir"] != dir || f.Args["replica"] != want.replica || want.replica != "" && f.Args["name"] != nanming.Name {
			t.Errorf("got %v, want %v", f, want)
		}
	}
}
