package host

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

// TestWhereALossBegins (C14): a folder is put back, records something while it is in question, and
// goes on with new keys, since the parent saw more. The loss begins with what it recorded, whether
// that is less than what the parent saw or more, and also where somebody said that it is the
// newest. Of a folder that was set back where it lay, what is common is what the parent saw and is
// here, also where it was moved once that was found.
func TestWhereALossBegins(t *testing.T) {
	first := filepath.Join(t.TempDir(), "nanming")
	h := open(t, first)
	seen := func() (note []byte, mark Mark) {
		t.Helper()
		c, note, err := h.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return note, Mark{Size: c.Size, Root: c.Root}
	}
	add(t, h)
	_, early := seen()
	add(t, h)
	_, had := seen()
	closed(t, h)
	dir := func() string { return copyOf(t, first) }
	stayed, moved, said, found := dir(), dir(), dir(), dir()
	h = openAt(t, first)
	for range 4 {
		add(t, h)
	}
	note, last := seen()
	closed(t, h)
	for _, dir := range []string{stayed, found} {
		if err := (&Host{dir: dir}).notePlace(); err != nil {
			t.Fatal(err)
		}
	}
	found = foundThere(t, found, note, last)
	for what, row := range map[string]struct {
		dir  string
		adds int
		word bool
		want uint64
	}{
		"moved, and recorded less": {moved, 2, false, had.Size},
		"said to be the newest":    {said, 8, true, had.Size},
		"set back where it lay":    {stayed, 6, false, early.Size},
		"set back, found, moved":   {found, 6, false, early.Size},
	} {
		h := openAt(t, row.dir)
		if row.word {
			h.reword(func(q *QuestionError) { q.Waiting = false })
			if _, err := h.Continue(t.Context(), newID(t), "moved"); err != nil {
				t.Fatal(what, err)
			}
		}
		for range row.adds {
			add(t, h)
		}
		name := h.name
		closed(t, h)
		if _, err := beginAnew(row.dir, name, 2, Saw{Note: note, Older: []Mark{last, early}}); err != nil {
			t.Fatal(what, err)
		}
		h = openAnewIn(t, row.dir)
		if e, begun := h.Unsettled(); !begun || e.From != row.want || e.To < last.Size {
			t.Errorf("%s: got %+v, %t, want from %d to %d", what, e, begun, row.want, last.Size)
		}
		err := h.Look(func(r *state.Reader) error {
			if got := r.Names().Entry(row.want - 1).Log().Epoch(); got != 1 {
				t.Errorf("%s: the last entry that is not lost is of epoch %d", what, got)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		closed(t, h)
	}
}

// foundThere has a folder record something where it lies, until its parent says what it saw, and
// returns where it is moved to then.
func foundThere(t *testing.T, dir string, note []byte, saw Mark) string {
	t.Helper()
	h := openAt(t, dir)
	for range 2 {
		add(t, h)
	}
	closed(t, h)
	h = openAt(t, dir)
	parent, _ := h.name.Parent()
	h.Doubt(Seen{By: parent, Checkpoint: ledger.Checkpoint{Log: h.Log(), Size: saw.Size, Root: saw.Root}, Note: note})
	if h.Questioned() == nil {
		t.Fatal("in no question")
	}
	closed(t, h)
	return copyOf(t, dir)
}

// openAt opens a folder that is there.
func openAt(t *testing.T, dir string) *Host {
	t.Helper()
	name, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	h, err := Open(t.Context(), dir, name, Options{Registry: testRegistry(), Logger: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return h
}
