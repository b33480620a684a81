package epochs

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// TestTheWordWaitsForTheHeads (C24): an epoch was begun with a person's word that they looked, and
// the node was killed before what ended had ended. At its start there is no link yet: the word
// settles nothing before the parent was asked for a while.
func TestTheWordWaitsForTheHeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, o, w := newDesk(t)
		o.question.Since, o.question.Epoch = time.Now(), 2
		begun := []host.Begun{{Epoch: 2, Before: 1, Seen: *o.question.Found, Lost: host.Lost{From: 7, Checked: true}}}
		o.begun = slices.Clone(begun)
		w.err = errors.New("no link")
		if err := d.resume(t.Context(), false); !failure.Is(err, text.LostUnasked) || len(o.said) > 0 {
			t.Errorf("at the start: %v, did %s", err, o.said)
		}
		w.err, w.acts = nil, []ledger.Indexed{act(8, ledger.KindCancellation)}
		if err := d.resume(t.Context(), false); err != nil || fmt.Sprint(o.said) != "[keys settle]" {
			t.Errorf("once it is linked: %v, did %s", err, o.said)
		}
		o.said, o.begun, w.err = nil, begun, errors.New("no link")
		time.Sleep(host.AskAgain)
		if err := d.resume(t.Context(), false); err != nil || fmt.Sprint(o.said) != "[keys settle as it is]" {
			t.Errorf("long without a link: %v, did %s", err, o.said)
		}
	})
}

// TestHeadsOnceThere (C24): an epoch was settled by a person's word, as the parent was away. As
// soon as there is a link to it, and before anybody is answered, what it knows ends, also where it
// knows not all. A parent that does not tell holds up whoever asks, for a while; without a link
// nobody waits. A replica that another one leads has what it is told end, and leaves it to that one
// to settle the epoch, which it may not propose itself.
func TestHeadsOnceThere(t *testing.T) {
	parent, err := identity.ParseJurisdiction("guizhou")
	if err != nil {
		t.Fatal(err)
	}
	missing := text.Fail(text.HeadsMissing, text.Args{"known": "9"}, nil)
	for what, row := range map[string]struct {
		err     error // of the heads
		up      bool
		follows bool
		held    bool // whoever asks
		want    string
	}{
		"without a link":              {nil, false, false, false, "[]"},
		"it knows all":                {nil, true, false, false, "[keys settle]"},
		"it knows some":               {missing, true, false, false, "[ended]"},
		"it does not tell":            {errors.New("no answer"), true, false, true, "[]"},
		"it knows all, by a follower": {nil, true, true, false, "[ended]"},
	} {
		synctest.Test(t, func(t *testing.T) {
			d, o, w := newDesk(t)
			o.follows, o.grouped = row.follows, row.follows
			o.begun, o.question = []host.Begun{{Epoch: 2, Before: 1, Seen: *o.question.Found, Lost: host.Lost{From: 7, Checked: true, Settled: true}}}, nil
			w.near, w.err, w.acts = []Near{{Name: parent, Up: row.up, Parent: true}}, row.err, []ledger.Indexed{act(8, ledger.KindCancellation)}
			if _, err := invite(t.Context(), o.Ledger, newID(t), "nanming"); err != nil {
				t.Fatal(err)
			}
			size := func() (n uint64) {
				_ = o.View(t.Context(), func(r *state.Reader) error { n = r.Size(); return nil })
				return n
			}
			before := size()
			hear := func(when string, held bool) {
				t.Helper()
				if err := d.Hear(t.Context()); (err != nil) != held {
					t.Errorf("%s, %s: got %v", what, when, err)
				}
			}
			hear("at first", row.held)
			if (row.err != nil || row.follows) && size() > before {
				o.said = append(o.said, "ended")
			}
			if got := fmt.Sprint(o.said); got != row.want {
				t.Errorf("%s: did %s, want %s", what, got, row.want)
			}
			time.Sleep(host.AskAgain)
			hear("long after", false)
		})
	}
}

// TestHeadedIsAskedFromItsEnd (R23-9): of a hosted place the level above tells all heads that it
// has, and knows no end of the ledger; a level above the parent may have told more of another one.
// Who told most is asked for those after.
func TestHeadedIsAskedFromItsEnd(t *testing.T) {
	parent, near := linkedParent(t)
	above, _ := identity.ParseJurisdiction("china")
	for what, row := range map[string]struct {
		headed bool
		err    error
		by     identity.Jurisdiction
		from   uint64
	}{
		"all that there are": {true, nil, parent, 30},
		"some, of another":   {false, text.Fail(text.HeadsMissing, text.Args{"known": "25", "name": above.String()}, nil), above, 25},
	} {
		d, o, w := newDesk(t)
		first, _ := identity.NewLog(o.Name(), 1)
		w.near, w.err, w.over = near, row.err, row.from
		seen := host.Seen{By: parent, Headed: row.headed, Note: []byte{}, Checkpoint: ledger.Checkpoint{Log: first, Size: 30}}
		if !row.headed {
			seen.Note = []byte("note")
		}
		o.question = nil
		o.begun = []host.Begun{{Epoch: 2, Before: 1, Said: 21, Seen: seen, Lost: host.Lost{From: 21, Checked: true, Settled: true, Entry: 21}}}
		for range 2 {
			if err := d.resume(t.Context(), true); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(w.probed, []uint64{row.from}) || !slices.Equal(w.probedOf, []identity.Jurisdiction{row.by}) || len(w.from) != 1 {
			t.Errorf("%s: asked %v whether there are heads from %v on, fetched from %v; want %s from %d, and fetched once", what, w.probedOf, w.probed, w.from, row.by, row.from)
		}
	}
}
