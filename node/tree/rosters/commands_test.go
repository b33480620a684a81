package rosters

import (
	"errors"
	"testing"

	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/tree/treetest"
)

// inForce returns what a store keeps as current.
func inForce(t *testing.T, s *Store) (k kept) {
	t.Helper()
	if err := s.own.View(t.Context(), func(r *state.Reader) error { k, _ = rosters.Load(r, keyCurrent); return nil }); err != nil {
		t.Fatal(err)
	}
	return k
}

// TestPublishChecksTheNumber: whatever a proposer looked at, the command takes the next number
// alone, and no list whose pieces are not here.
func TestPublishChecksTheNumber(t *testing.T) {
	s, _ := publisher(t)
	here := inForce(t, s).Pieces
	absent := []roster.Piece{{Hash: make([]byte, 32), Len: 1}}
	for what, row := range map[string]struct {
		number uint64
		pieces []roster.Piece
		want   text.Code
	}{
		"the same number": {1, here, text.RosterMoved}, "an earlier one": {0, here, text.RosterMoved}, "one left out": {3, here, text.RosterMoved},
		"pieces that are not here": {2, absent, text.RosterOvertaken}, "some of them": {2, append(absent, here...), text.RosterOvertaken},
	} {
		note, err := s.own.Note(ledger.RosterType, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = commandPublish.Do(t.Context(), s.own, book.Request{}, publishBody{Number: row.number, Pieces: row.pieces, Statement: note})
		if now := inForce(t, s); treetest.Code(err) != row.want || now.Number != 1 {
			t.Errorf("%s: got %v, number %d in force, want %s", what, err, now.Number, row.want)
		}
	}
}

// TestKeepTakesNothingEarlier: a list that comes late changes nothing, and one whose pieces are not
// here is refused.
func TestKeepTakesNothingEarlier(t *testing.T) {
	root, county, proof := published(t)
	s := county()
	if err := s.Take(t.Context(), proof, from(root)); err != nil {
		t.Fatal(err)
	}
	have := inForce(t, s)
	keep := func(number uint64, pieces []roster.Piece) error {
		_, err := commandKeep.Do(t.Context(), s.own, book.Request{}, keepBody{Number: number, Pieces: pieces, Proof: []byte("another")})
		return err
	}
	if err := keep(1, have.Pieces); err != nil {
		t.Errorf("an earlier one: got %v", err)
	}
	if err := keep(3, []roster.Piece{{Hash: make([]byte, 32), Len: 1}}); treetest.Code(err) != text.RosterOvertaken {
		t.Errorf("pieces that are not here: got %v, want %s", err, text.RosterOvertaken)
	}
	if now := inForce(t, s); now.Number != 2 || string(now.Proof) != string(have.Proof) {
		t.Errorf("number %d is kept, with a proof of %d bytes, want 2 with %d", now.Number, len(now.Proof), len(have.Proof))
	}
}

// TestTakeChecksWhatIsProven: a proven manifest of another tree's list, or one that does not follow
// the list in force, is not kept.
func TestTakeChecksWhatIsProven(t *testing.T) {
	root, county, proof := published(t)
	s := county()
	if err := s.Take(t.Context(), proof, from(root)); err != nil {
		t.Fatal(err)
	}
	take := func(of, follows *roster.Roster, in string) error {
		next := follows.Next(of)
		m, err := next.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		get := func(p roster.Piece) ([]byte, error) { return piecesOf(next)[string(p.Hash)], nil }
		return s.take(t.Context(), m, treetest.Name(t, in), []byte("proof"), get)
	}
	list, before := country(t, 20, nil), s.Current().Roster
	other := country(t, 30, nil).Next(country(t, 30, nil)).Next(country(t, 30, nil)) // another number 2
	for what, err := range map[string]error{
		"of another tree":    take(list, before, "sichuan"),
		"of another history": take(list, other, "guizhou"),
	} {
		if !errors.Is(err, roster.ErrInvalid) || inForce(t, s).Number != 2 {
			t.Errorf("%s: got %v, number %d in force, want %v", what, err, inForce(t, s).Number, roster.ErrInvalid)
		}
	}
	if err := take(list, before, "guizhou"); err != nil || inForce(t, s).Number != 3 {
		t.Errorf("the next one: got %v, number %d in force", err, inForce(t, s).Number)
	}
}
