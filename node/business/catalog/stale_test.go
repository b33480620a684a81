package catalog

import (
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// Commands of the test, which other rooms have: one moves, the other takes a standard back.
const (
	commandMoves   book.Command[Move, ledger.Ref]       = 902
	commandRetires book.Command[Withdrawal, ledger.Ref] = 903
)

// TestStandardAsItWas: a standard is moved, or taken back, as it was when that was decided: where
// its version or its agency is another by then, the command is refused, and nothing changes.
func TestStandardAsItWas(t *testing.T) {
	registry := state.NewRegistry()
	Register(registry, nil)
	commandMoves.Handle(registry, ApplyMove)
	commandRetires.Handle(registry, ApplyStandardWithdrawal)
	l := booktest.New(t, "guiyang.guizhou", registry)
	add(t, l, "civil-affairs", "民政局")
	add(t, l, "water", "水务局")
	s, err := PublishStandard(t.Context(), l, newID(t), Actor{}, standard(t))
	if err != nil {
		t.Fatal(err)
	}
	now := func() (version uint64, agency identity.Label) {
		view(t, l, func(r *state.Reader) {
			kept, _ := setStandards.Load(r, []byte(s.Code.String()))
			version, agency = kept.Version, kept.Agency
		})
		return version, agency
	}
	move := func(edit func(m *Move)) error {
		m, err := MoveOfStandard(l, s, label(t, "water"))
		if err != nil {
			t.Fatal(err)
		}
		edit(&m)
		_, err = commandMoves.Do(t.Context(), l, book.Request{}, m)
		return err
	}
	retire := func(edit func(w *Withdrawal)) error {
		w, err := WithdrawalOfStandard(l, s, "r")
		if err != nil {
			t.Fatal(err)
		}
		edit(&w)
		_, err = commandRetires.Do(t.Context(), l, book.Request{}, w)
		return err
	}
	for what, row := range map[string]struct {
		do   func() error
		want text.Code
	}{
		"moved, a later version":        {func() error { return move(func(m *Move) { m.Version-- }) }, text.DatasetMoved},
		"moved, an earlier one":         {func() error { return move(func(m *Move) { m.Version++ }) }, text.DatasetMoved},
		"moved, of another agency":      {func() error { return move(func(m *Move) { m.From = label(t, "tax") }) }, text.DatasetMoved},
		"taken back, a later version":   {func() error { return retire(func(w *Withdrawal) { w.Version-- }) }, text.DatasetMoved},
		"taken back, an earlier one":    {func() error { return retire(func(w *Withdrawal) { w.Version++ }) }, text.DatasetMoved},
		"taken back, of another agency": {func() error { return retire(func(w *Withdrawal) { w.Agency = label(t, "water") }) }, text.NotProvider},
	} {
		err := row.do()
		if version, agency := now(); !failure.Is(err, row.want) || version != s.Version || agency != s.Agency {
			t.Errorf("%s: got %v, then version %d of %s, want %s", what, err, version, agency, row.want)
		}
	}
	if err := move(func(*Move) {}); err != nil {
		t.Errorf("as it is: %v", err)
	}
}
