package failure

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"xietong/consensus/state"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// TestOldEntriesAreNamed: of files of old entries that are damaged a person reads which they are,
// some of many, and that any backup has them, at the start and in use; where there are others, that
// these mend them, or which entries no replica has; of another file of the ledger they read what
// that one needs, and where there are other replicas that these mend it.
func TestOldEntriesAreNamed(t *testing.T) {
	folder := filepath.Join("j", "nanming.guiyang.guizhou", state.FilesFolder)
	var files []string
	for n := range 20 {
		files = append(files, filepath.Join(folder, fmt.Sprintf("%010d-%064x", n, n)))
	}
	part := func(file string, err error) *text.Failure {
		return Part(&host.PartError{Part: host.PartLedger, File: file, Err: err})
	}
	decay := func(others bool, files ...string) *text.Failure {
		return Of(&host.DecayedError{Decayed: host.Decayed{Kept: "leaf 0", Values: 256, File: files[0], Files: files}, Others: others})
	}
	old := func(away []string) *text.Failure {
		e := &host.OldDecayedError{Replica: "r1", Files: files}
		if away != nil {
			e.Lacking = &state.LackingError{Files: files[:1], Ranges: []state.Range{{From: 0, To: 256}, {From: 768, To: 1024}}, Asked: []string{"r2"}, Away: away}
		}
		return Of(fmt.Errorf("about: %w", e))
	}
	lost := &state.DamageError{File: files[0], Err: &state.DecayError{Bucket: "leaf"}}
	all := &state.DamageError{File: files[0], Err: lost.Err, Files: files}
	for what, row := range map[string]struct {
		got   *text.Failure
		code  text.Code
		count string
	}{
		"one at the start": {part(files[0], lost), text.OldEntriesDamaged, "1"},
		"all at the start": {part(files[0], all), text.OldEntriesDamaged, "20"},
		"one in use":       {decay(false, files[3]), text.OldEntriesDamaged, "1"},
		"all in use":       {decay(false, files...), text.OldEntriesDamaged, "20"},
		"with others":      {old(nil), text.OldEntriesMending, "20"},
		"one is away":      {old([]string{"r3"}), text.OldEntriesAway, "1"},
		"nowhere":          {old([]string{}), text.OldEntriesNowhere, "1"},
		"of state.db":      {part("j/a/state.db", lost), text.DataUnsound, ""},
		"state.db, in use": {Of(&host.DecayedError{Decayed: host.Decayed{Kept: "records", File: "j/a/state.db"}}), text.DataDecayed, ""},
	} {
		if row.got.Code != row.code || row.got.Args["count"] != row.count {
			t.Errorf("%s: got %s of %v, want %s of %s", what, row.got.Code, row.got.Args, row.code, row.count)
		}
		told := row.got.Args["files"]
		if e := row.got.Args["entries"]; (row.code == text.OldEntriesAway || row.code == text.OldEntriesNowhere) && e != "0-255, 768-1023" {
			t.Errorf("%s: told the entries %q", what, e)
		}
		if row.code == text.OldEntriesDamaged && (row.got.Args["dir"] != folder || strings.Contains(told, folder) || row.count == "20" != strings.HasSuffix(told, "…") || len(told) > 1<<10) {
			t.Errorf("%s: told %q in %q", what, told, row.got.Args["dir"])
		}
	}
}
