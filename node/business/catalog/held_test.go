package catalog

import (
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// openHeld opens a ledger with a dataset and a standard, and the commands by which they end.
func openHeld(t *testing.T) (l *booktest.Ledger, e Entry, s SetStandard) {
	t.Helper()
	registry := state.NewRegistry()
	Register(registry, func(book.Reads, identity.Label) ledger.Ref { return ledger.None })
	commandRetires.Handle(registry, ApplyWithdrawal)
	commandMoves.Handle(registry, ApplyMove)
	l = booktest.New(t, "guiyang.guizhou", registry)
	add(t, l, "civil-affairs", "民政局")
	add(t, l, "water", "水务局")
	e = entry(t)
	if _, err := Publish(t.Context(), l, newID(t), Actor{}, e); err != nil {
		t.Fatal(err)
	}
	s, err := PublishStandard(t.Context(), l, newID(t), Actor{}, standard(t))
	if err != nil {
		t.Fatal(err)
	}
	return l, e, s
}

// hold holds something for an entry that is lost, and reports whether it did.
func hold(t *testing.T, l *booktest.Ledger, what string, code identity.Label) bool {
	t.Helper()
	held, err := Hold(t.Context(), l, newID(t), what, code, l.Names().Entry(77), ledger.KindCatalogueEntry, identity.MaxIndex)
	if err != nil {
		t.Fatal(err)
	}
	return held
}

// TestHeldDataset: a dataset that is held is refused to everybody but its provider, and what was
// decided before counts no more; its provider ends that by publishing it again, as it is, and may
// take it back, too. It stays held where it is moved to another agency.
func TestHeldDataset(t *testing.T) {
	l, e, _ := openHeld(t)
	read := func(as func(*state.Reader, identity.Label, Published) (Published, error)) (p Published, err error) {
		view(t, l, func(r *state.Reader) { p, err = as(r, e.Code, Published{}) })
		return p, err
	}
	before, err := read(DatasetAfter)
	if err != nil || !hold(t, l, HeldDataset, e.Code) || hold(t, l, HeldDataset, e.Code) {
		t.Fatalf("it is not held, or twice: %v", err)
	}
	if _, err := read(DatasetAfter); !failure.Is(err, text.DatasetHeld) {
		t.Errorf("others are told %v", err)
	}
	now, err := read(Offered)
	if err != nil || now.Version != before.Version+1 || now.Withdrawn.Ended() {
		t.Errorf("its provider sees version %d, %v", now.Version, err)
	}
	m, err := MoveOf(l, now, label(t, "water"))
	if err == nil {
		_, err = commandMoves.Do(t.Context(), l, book.Request{}, m)
	}
	if _, held := read(DatasetAfter); err != nil || !failure.Is(held, text.DatasetHeld) {
		t.Errorf("moved: %v, %v", err, held)
	}
	e.Agency = label(t, "water")
	for range 2 { // once more changes nothing
		if p, err := Publish(t.Context(), l, newID(t), Actor{}, e); err != nil || p.Version != before.Version+3 {
			t.Errorf("published again: version %d, %v", p.Version, err)
		}
	}
	if now, err = read(DatasetAfter); err != nil || now.Withdrawn != nil {
		t.Errorf("then others are told %v", err)
	}
	hold(t, l, HeldDataset, e.Code)
	now, err = read(Offered)
	if err != nil {
		t.Fatal(err)
	}
	w, err := WithdrawalOf(l, now, "r")
	if err == nil {
		_, err = commandRetires.Do(t.Context(), l, book.Request{}, w)
	}
	if _, gone := read(Offered); err != nil || !failure.Is(gone, text.DatasetWithdrawn) || hold(t, l, HeldDataset, e.Code) {
		t.Errorf("taken back: %v, %v", err, gone)
	}
}

// TestHeldRules: of a dataset whose grants by rule are held the same entry counts as the word of
// its provider, which it would not else.
func TestHeldRules(t *testing.T) {
	l, e, _ := openHeld(t)
	if hold(t, l, HeldRules, label(t, "nothing")) || !hold(t, l, HeldRules, e.Code) || hold(t, l, HeldRules, e.Code) {
		t.Fatal("they are not held, or twice, or those of no dataset are")
	}
	held := func() (by ledger.Ref, lost string) {
		view(t, l, func(r *state.Reader) { by, lost = RulesHeld(r, e.Code) })
		return by, lost
	}
	if by, lost := held(); by == ledger.None || lost != l.Names().Entry(77).String() {
		t.Errorf("held by %d, for %s", by, lost)
	}
	view(t, l, func(r *state.Reader) {
		if _, err := Dataset(r, e.Code); err != nil || len(AllHeld(r)) != 1 {
			t.Errorf("the dataset is refused: %v; held are %v", err, AllHeld(r))
		}
		for _, err := range AllHeld(r) {
			f := failure.Of(err)
			if said := text.Explain(text.En, f.Code, f.Args).Do; strings.Contains(said, "{") {
				t.Errorf("a person is told %q", said)
			}
		}
	})
	if _, err := Publish(t.Context(), l, newID(t), Actor{}, e); err != nil {
		t.Fatal(err)
	}
	if by, _ := held(); by != ledger.None {
		t.Error("they are held after it was published again")
	}
}

// TestHeldStandard: a standard that is held is not adopted, until it is set again as it is.
func TestHeldStandard(t *testing.T) {
	l, _, s := openHeld(t)
	if hold(t, l, HeldStandard, label(t, "nothing")) || !hold(t, l, HeldStandard, s.Code) {
		t.Fatal("it is not held, or one that is not here is")
	}
	holding := func() (err error) {
		view(t, l, func(r *state.Reader) {
			now, failed := StandardOf(r, s.Code)
			if failed != nil {
				t.Fatal(failed)
			}
			_, err = now.Holding(l.Name())
		})
		return err
	}
	if err := holding(); !failure.Is(err, text.StandardHeld) {
		t.Errorf("whoever adopts it is told %v", err)
	}
	if again, err := PublishStandard(t.Context(), l, newID(t), Actor{}, s.Standard); err != nil || again.Version != s.Version+2 {
		t.Errorf("set again: version %d, %v", again.Version, err)
	}
	if err := holding(); err != nil {
		t.Errorf("then: %v", err)
	}
}
