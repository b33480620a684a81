package witness

import (
	"errors"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
)

// later is a tree in a later epoch, with the places of the entries that began the epochs.
type later struct {
	*tree
	leaves map[uint64][]byte
	begun  []uint64
}

// begins has a tree go on in the next epoch, with the entries from one on up to another lost.
func begins(f *tree, from, to uint64) *later {
	f.t.Helper()
	l := &later{tree: f.copied(), leaves: map[uint64][]byte{}}
	l.again(from, to)
	return l
}

func (l *later) again(from, to uint64) {
	l.t.Helper()
	l.keys.Epoch++
	log, err := identity.NewLog(l.keys.Name, l.keys.Epoch)
	if err != nil {
		l.t.Fatal(err)
	}
	l.log = log
	l.append(ledger.Head{Kind: ledger.KindEpoch, Epoch: l.keys.Epoch, From: from, To: to, Root: tlog.Hash{1}})
}

// append appends the entry that begins an epoch.
func (l *later) append(h ledger.Head) {
	l.t.Helper()
	h.Seq, h.Time = 1, 1
	leaf, err := ledger.Leaf{Head: h, Evidence: ledger.PlainEvidence(ledger.Commitment{7})}.Encode()
	if err != nil {
		l.t.Fatal(err)
	}
	grown, err := ledger.Append(l.size, []tlog.Hash{ledger.LeafHash(leaf)}, l.tiles)
	if err != nil {
		l.t.Fatal(err)
	}
	l.leaves[l.size] = leaf
	l.begun = append(l.begun, l.size)
	l.size = grown.Size
	for id, tile := range grown.Tiles {
		l.tiles[id] = tile
	}
}

// offers is an offer with the last n entries that began epochs.
func (l *later) offers(old, size uint64, n int) Offer {
	l.t.Helper()
	o := l.offer(old, size)
	o.Begun = []Begun{}
	for _, at := range l.begun[len(l.begun)-n:] {
		path, err := ledger.ProveInclusion(at, size, l.tiles)
		if err != nil {
			l.t.Fatal(err)
		}
		o.Begun = append(o.Begun, Begun{Index: at, Leaf: l.leaves[at], Path: path})
	}
	return o
}

// TestLater gives the rule each relation of what was kept of an epoch to what a later one shows.
// The evidence of each fork is verified by a stranger, and is none against a ledger that names what
// it lost.
func TestLater(t *testing.T) {
	f := newTree(t, "nanming.guiyang.guizhou", 1)
	f.grow(12, "true")
	backup := f.copied()
	f.grow(8, "lost")
	forged := newTree(t, "nanming.guiyang.guizhou", 1)
	forged.grow(12, "forged")
	from := func(tr *tree, from, to uint64) *later {
		l := begins(tr, from, to)
		l.grow(10, "later")
		return l
	}
	whole, twice, missed := from(backup, 12, 20), from(backup, 12, 20), from(backup, 12, 15)
	twice.again(twice.size, 90)
	twice.grow(3, "latest")
	all := []uint64{3, 9, 12, 13, 17}
	for name, tc := range map[string]struct {
		by         *later
		old, kept  uint64
		begun, was int
		want       Verdict
		at         uint64
	}{
		"all that was kept is there":                  {by: whole, old: 12, kept: 12, begun: 1, want: Larger, at: 12},
		"nothing of what was kept is named as lost":   {by: whole, old: 9, kept: 9, begun: 1, want: Larger, at: 9},
		"what is not there is named":                  {by: whole, old: 12, kept: 20, begun: 1, want: Larger, at: 12},
		"what is named is not all":                    {by: missed, old: 12, kept: 20, begun: 1, want: Behind, at: 20},
		"what is named is just all":                   {by: missed, old: 12, kept: 15, begun: 1, want: Larger, at: 12},
		"what is named is one entry too few":          {by: missed, old: 12, kept: 16, begun: 1, want: Behind, at: 16},
		"another epoch was missed":                    {by: twice, old: 12, kept: 20, begun: 2, want: Larger, at: 12},
		"another epoch was missed, and is not shown":  {by: twice, old: 12, kept: 20, begun: 1, want: Elsewhere, at: 20},
		"nothing that began the epoch":                {by: whole, old: 12, kept: 20, want: Elsewhere, at: 20},
		"from nothing":                                {by: whole, kept: 20, begun: 1, want: Elsewhere, at: 12},
		"from less than is kept":                      {by: whole, old: 9, kept: 20, begun: 1, want: Elsewhere, at: 12},
		"from what is lost":                           {by: whole, old: 17, kept: 20, begun: 1, want: Elsewhere, at: 12},
		"another history":                             {by: from(forged, 12, 20), old: 12, kept: 20, begun: 1, want: Forked, at: 12},
		"another history, of which nothing is lost":   {by: from(forged, 12, 20), old: 12, kept: 12, begun: 1, want: Forked, at: 12},
		"another history, all of it named as lost":    {by: from(forged, 0, 20), kept: 20, begun: 1, want: Larger},
		"another history, named from where it begins": {by: from(forged, 2, 20), kept: 20, begun: 1, want: Larger},
	} {
		var smaller []ledger.Checkpoint
		for _, size := range all {
			smaller = append(smaller, *f.at(size))
		}
		s, err := tc.by.open(tc.by.offers(tc.old, tc.by.size, tc.begun))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		v, at, err := Later(*f.at(tc.kept), smaller, s)
		if err != nil || v != tc.want || (at == nil) != (tc.at == 0) || at != nil && *at != *f.at(tc.at) {
			t.Errorf("%s: got %d against %+v, %v, want %d against %d", name, v, at, err, tc.want, tc.at)
		}
		for _, size := range append(all, tc.kept) {
			evidence := ForkOf(f.note(size, 2), s, *f.at(size)).Encode()
			_, _, err := OpenFork(evidence, f.log.Jurisdiction(), []trust.KeySet{f.keys, tc.by.keys})
			if (err == nil) != (tc.want == Forked && size == tc.at) {
				t.Errorf("%s: the evidence that it forks from %d entries: %v", name, size, err)
			}
		}
	}
}

// TestNoEpochBegun: an entry that began no epoch, or another one, or that is not in the tree, names
// nothing as lost, and more epochs than a witness may have missed are refused.
func TestNoEpochBegun(t *testing.T) {
	f := newTree(t, "nanming.guiyang.guizhou", 1)
	f.grow(12, "true")
	head := ledger.Head{Kind: ledger.KindEpoch, Epoch: 2, From: 12, To: 20, Root: tlog.Hash{1}}
	edited := func(edit func(*ledger.Head)) Offer {
		l := begins(f, 12, 21)
		h := head
		edit(&h)
		l.append(h)
		l.grow(3, "later")
		return l.offers(12, l.size, 1)
	}
	good := edited(func(*ledger.Head) {})
	many := edited(func(*ledger.Head) {})
	many.Begun = make([]Begun, MaxBegun+1)
	moved := edited(func(*ledger.Head) {})
	moved.Begun[0].Index--
	long := edited(func(*ledger.Head) {})
	long.Begun[0].Leaf = make([]byte, ledger.MaxActLen+1)
	twice := edited(func(*ledger.Head) {})
	twice.Begun = append(twice.Begun, twice.Begun...)
	two := begins(f, 12, 20)
	two.grow(3, "later")
	for name, tc := range map[string]struct {
		o    Offer
		good bool
	}{
		"as it is":                {good, true},
		"another kind":            {edited(func(h *ledger.Head) { h.Kind = ledger.KindContinued }), false},
		"no epoch":                {edited(func(h *ledger.Head) { h.Epoch = 0 }), false},
		"the epoch before":        {edited(func(h *ledger.Head) { h.Epoch = 1 }), false},
		"not known how many":      {edited(func(h *ledger.Head) { h.To = h.From }), true},
		"fewer than none":         {edited(func(h *ledger.Head) { h.To = h.From - 1 }), false},
		"lost from behind itself": {edited(func(h *ledger.Head) { h.From, h.To = 19, 29 }), false},
		"too many":                {many, false},
		"at another place":        {moved, false},
		"too long":                {long, false},
		"twice":                   {twice, false},
	} {
		_, err := two.open(tc.o)
		if bad := errors.Is(err, ledger.ErrNotProven) || errors.Is(err, ledger.ErrMalformed); bad == tc.good || err != nil && !bad {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestEveryByteOfALaterEpoch flips each byte of an offer of a later epoch, and of the evidence that
// it forks from one before: none of them is taken.
func TestEveryByteOfALaterEpoch(t *testing.T) {
	f := newTree(t, "nanming.guiyang.guizhou", 1)
	f.grow(12, "true")
	forged := newTree(t, "nanming.guiyang.guizhou", 1)
	forged.grow(12, "forged")
	good, bad := begins(f, 12, 20), begins(forged, 12, 20)
	shown, err := bad.open(bad.offers(12, bad.size, 1))
	if err != nil {
		t.Fatal(err)
	}
	evidence := ForkOf(f.note(12, 2), shown, *f.at(12)).Encode()
	offer, err := canon.Marshal(good.offers(12, good.size, 1))
	if err != nil {
		t.Fatal(err)
	}
	takes := func(data []byte) error {
		var o Offer
		if err := canon.Unmarshal(data, MaxForkLen, &o); err != nil {
			return err
		}
		s, err := good.open(o)
		if err == nil {
			var v Verdict
			if v, _, err = Later(*f.at(12), nil, s); v != Larger && err == nil {
				err = errors.New("another verdict")
			}
		}
		return err
	}
	proves := func(data []byte) error {
		_, _, err := OpenFork(data, f.log.Jurisdiction(), []trust.KeySet{f.keys, good.keys})
		return err
	}
	everyByte(t, "offer", offer, takes)
	everyByte(t, "fork", evidence, proves)
}
