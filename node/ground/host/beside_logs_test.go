package host

import (
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

// TestSeveralLogsAreNamed (C34): a folder goes on with new keys that is of before several epochs.
// What is named as lost ends at the most that the parent saw of any log since, and begins before
// the end of each that began later: what was not seen here of it is no history beside.
func TestSeveralLogsAreNamed(t *testing.T) {
	h := open(t, filepath.Join(t.TempDir(), "nanming"))
	defer closed(t, h)
	for range 8 {
		add(t, h)
	}
	log := func(epoch, size uint64) ledger.Checkpoint {
		l, err := identity.NewLog(h.name, epoch)
		if err != nil {
			t.Fatal(err)
		}
		return ledger.Checkpoint{Log: l, Size: size, Root: tlog.Hash{byte(epoch)}}
	}
	var size uint64
	_ = h.Look(func(r *state.Reader) error { size = r.Size(); return nil })
	for what, row := range map[string]struct {
		seen     ledger.Checkpoint
		before   []ledger.Checkpoint
		from, to uint64
		root     byte
	}{
		"one later, larger":             {log(2, size+5), nil, size, size + 5, 2},
		"one later, smaller":            {log(2, size-2), nil, size - 3, size - 2, 2},
		"more of the own log":           {log(3, size+2), []ledger.Checkpoint{log(1, size+9)}, size, size + 9, 1},
		"less of the own log":           {log(3, size+2), []ledger.Checkpoint{log(1, 2)}, size, size + 2, 3},
		"one between that is smaller":   {log(4, size+2), []ledger.Checkpoint{log(3, 5), log(2, size+1)}, 4, size + 2, 4},
		"one between that is larger":    {log(4, size+2), []ledger.Checkpoint{log(3, size+4), log(2, size+1)}, size, size + 4, 3},
		"the smallest of all is newest": {log(4, 3), []ledger.Checkpoint{log(3, 5)}, 2, 5, 3},
	} {
		var note anewNote
		note.Most, note.Least = newestSaw{others: row.before}.since(1)
		var b state.EpochChange
		err := h.Look(func(r *state.Reader) error { return lostBeside(r, row.seen, &note, r.Size(), &b) })
		if err != nil || b.From != row.from || b.To != row.to || b.Root[0] != row.root {
			t.Errorf("%s: got %d to %d, root of %d, %v, want %d to %d, of %d", what, b.From, b.To, b.Root[0], err, row.from, row.to, row.root)
		}
	}
}
