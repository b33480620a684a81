package rosters

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
	"xietong/node/tree/treetest"
)

// published returns a root that published a list of 6,000 places, in some twenty pieces, as number
// 2, with the proof of it and a county below it that has nothing.
func published(t *testing.T) (root *Store, county func(...func(*state.Registry)) *Store, proof []byte) {
	t.Helper()
	top := treetest.New(t, "guizhou", register)
	root = New(top, nil, nobody)
	if err := root.PublishShipped(t.Context()); err != nil {
		t.Fatal(err)
	}
	by := acting{identity.NewAgency(top.Name(), treetest.Label(t, "civil-affairs"))}
	if _, err := root.Publish(t.Context(), treetest.Message(t), by, country(t, 6000, nil)); err != nil {
		t.Fatal(err)
	}
	proof, err := root.Proof(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return root, func(also ...func(*state.Registry)) *Store {
		return New(below{treetest.New(t, "liping.qiandongnan.guizhou", append(also, register)...), top}, nil, nobody)
	}, proof
}

// held returns how many pieces a store keeps, and their bytes.
func held(t *testing.T, s *Store) (number, size int) {
	t.Helper()
	err := s.own.View(t.Context(), func(r *state.Reader) error {
		for _, data := range pieces.All(r, nil) {
			number, size = number+1, size+len(data)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return number, size
}

// TestForeignPieces, of R02: a store keeps no piece but those that the manifest names, whoever
// brings them, and takes the list when the right ones come.
func TestForeignPieces(t *testing.T) {
	root, county, proof := published(t)
	s := county()
	for what, piece := range map[string][]byte{"none": nil, "another": []byte("?"), "a long one": bytes.Repeat([]byte("?"), roster.MaxPiece+1)} {
		err := s.Take(t.Context(), proof, func(roster.Piece) ([]byte, error) { return piece, nil })
		if !errors.Is(err, roster.ErrInvalid) {
			t.Errorf("%s: got %v", what, err)
		}
		if _, err := commandPiece.Do(t.Context(), s.own, book.Request{}, append([]byte{}, piece...)); treetest.Code(err) != text.RosterOvertaken && treetest.Code(err) != text.TooLarge {
			t.Errorf("%s, as a command: got %v", what, err)
		}
	}
	if n, _ := held(t, s); n != 0 || s.Current().Number() != 0 {
		t.Fatalf("%d pieces are held, and number %d", n, s.Current().Number())
	}
	if err := s.Take(t.Context(), proof, from(root)); err != nil || s.Current().Number() != 2 {
		t.Errorf("got number %d, %v", s.Current().Number(), err)
	}
}

// TestFetchGoesOn: what has come of a list is kept, also over a restart, and the next attempt asks
// for the rest alone. Nothing of a list counts before all of it has come. A piece that is damaged
// comes again.
func TestFetchGoesOn(t *testing.T) {
	root, county, proof := published(t)
	s := county(registerDamage)
	cut := errors.New("the line is cut")
	m, err := root.Current().Manifest()
	if err != nil {
		t.Fatal(err)
	}
	came := 0
	for attempt := 1; s.Current().Number() == 0; attempt++ {
		left := 5
		err := s.Take(t.Context(), proof, func(p roster.Piece) ([]byte, error) {
			if left--; left < 0 {
				return nil, cut
			}
			came++
			return root.Piece(context.Background(), p.Hash)
		})
		if n, _ := held(t, s); n != min(attempt*5, len(m.Pieces)) || err != nil && !errors.Is(err, cut) {
			t.Fatalf("attempt %d: %d pieces held, %v", attempt, n, err)
		}
		party := s.own.(below)
		if err := party.Close(); err != nil {
			t.Fatal(err)
		}
		party.Open(t)
		s = New(party, nil, nobody)
		if err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if came != len(m.Pieces) || s.Current().Hash() != root.Current().Hash() {
		t.Errorf("%d pieces came of %d", came, len(m.Pieces))
	}
	if _, err := damage.Do(t.Context(), s.own, book.Request{}, [][]byte{[]byte(pieces.Name), m.Pieces[3].Hash, {0x41, 0}}); err != nil {
		t.Fatal(err)
	}
	again := 0
	err = s.store(t.Context(), m.Pieces, func(p roster.Piece) ([]byte, error) {
		again++
		return root.Piece(context.Background(), p.Hash)
	})
	if data, _ := s.Piece(t.Context(), m.Pieces[3].Hash); err != nil || again != 1 || !m.Pieces[3].Is(data) {
		t.Errorf("a damaged piece: %d came, %d bytes are here, %v", again, len(data), err)
	}
}

// TestUpkeepGoesOn: where a part of the list came, the upkeep wants to go on, and nobody is told
// that the parent withholds it; where nothing came, the error is told.
func TestUpkeepGoesOn(t *testing.T) {
	root, county, _ := published(t)
	asked, left := 0, 0
	way := parent{s: root, asked: &asked, cut: func() error {
		if left--; left < 0 {
			return text.Fail(text.Busy, text.Args{"jurisdiction": "guizhou", "again": "1"}, nil)
		}
		return nil
	}}
	s := county()
	s.above = func() (door.Asker, bool) { return way, true }
	s.Withheld = func(wanted, had uint64) { t.Errorf("told that %d is withheld, after %d", wanted, had) }
	for _, row := range []struct {
		left   int
		more   bool
		number uint64
		failed bool
	}{{0, false, 0, true}, {5, true, 0, false}, {7, true, 0, false}, {1000, false, 2, false}} {
		left = row.left
		more, err := s.Upkeep(t.Context(), way)
		if more != row.more || (err != nil) != row.failed || s.Current().Number() != row.number {
			t.Errorf("%d pieces come: more %t, number %d, %v", row.left, more, s.Current().Number(), err)
		}
		if row.more {
			left = 2
			if _, err := s.Of(t.Context(), 2, root.Current().Hash()); treetest.Code(err) != text.RosterAbsent {
				t.Errorf("asked for meanwhile: %v", err)
			}
		}
	}
}

// TestOldPiecesAreDropped: the last Kept lists are kept, each piece of them once, and what no list
// names any more is dropped. A list that is awaited drops what came of another.
func TestOldPiecesAreDropped(t *testing.T) {
	root, county, proof := published(t)
	s := county()
	if err := s.Take(t.Context(), proof, from(root)); err != nil {
		t.Fatal(err)
	}
	n, size := held(t, s)
	for i := range Kept + 2 {
		list := country(t, 5000+i, nil)
		by := acting{identity.NewAgency(root.own.Name(), treetest.Label(t, "civil-affairs"))}
		if _, err := root.Publish(t.Context(), treetest.Message(t), by, list); err != nil {
			t.Fatal(err)
		}
		proof, err := root.Proof(t.Context(), 0)
		if err == nil {
			err = s.Take(t.Context(), proof, from(root))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []*Store{root, s} {
		named := map[string]bool{}
		lists := 0
		err := s.own.View(t.Context(), func(r *state.Reader) error {
			for _, k := range rosters.All(r, nil) {
				lists++
				for _, p := range k.Pieces {
					named[string(p.Hash)] = true
				}
			}
			return nil
		})
		if got, bytes := held(t, s); err != nil || lists != Kept || got != len(named) || got > n+2*Kept || bytes > size+2*Kept*roster.MaxPiece {
			t.Errorf("%d lists of %d pieces, %d held in %d bytes, %v", lists, len(named), got, bytes, err)
		}
	}
	if _, err := commandAwait.Do(t.Context(), s.own, book.Request{}, []roster.Piece{{Hash: make([]byte, 32), Len: 1}}); err != nil {
		t.Fatal(err)
	}
	before, _ := held(t, s)
	if _, err := commandAwait.Do(t.Context(), s.own, book.Request{}, []roster.Piece{{Hash: make([]byte, 32), Len: roster.MaxLen + 1}}); treetest.Code(err) != text.RosterInvalid {
		t.Errorf("a piece of 12 MiB is awaited: %v", err)
	}
	if after, _ := held(t, s); after != before {
		t.Errorf("%d pieces, then %d", before, after)
	}
}

// TestNoRoomForOldLists: of lists that share no piece, those are kept for which there is room, the
// newest first.
func TestNoRoomForOldLists(t *testing.T) {
	party := treetest.New(t, "guizhou", register, registerDamage)
	all := func(n byte) (of []roster.Piece) {
		for i := range byte(180) {
			of = append(of, roster.Piece{Hash: bytes.Repeat([]byte{n, i}, 16), Len: roster.MaxPiece})
		}
		return of
	}
	for n := range byte(4) { // 11.25 MiB each
		for _, p := range all(n) {
			if _, err := damage.Do(t.Context(), party, book.Request{}, [][]byte{[]byte(pieces.Name), p.Hash, {0x41, 0}}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := commandKeep.Do(t.Context(), party, book.Request{}, keepBody{Number: uint64(n) + 1, Pieces: all(n), Proof: []byte{}}); err != nil {
			t.Fatal(err)
		}
	}
	var numbers []uint64
	err := party.View(t.Context(), func(r *state.Reader) error {
		for _, k := range rosters.All(r, nil) {
			numbers = append(numbers, k.Number)
		}
		return nil
	})
	if err != nil || len(numbers) != 2 || numbers[0] != 3 || numbers[1] != 4 {
		t.Errorf("got the numbers %d, %v", numbers, err)
	}
}
