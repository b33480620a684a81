package rosters

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
)

// Lost is the list in force where it cannot be read here. An earlier one stands in for it.
type Lost struct {
	Number   uint64           // 0: that cannot be read either
	manifest *roster.Manifest // nil: it cannot be read, so that nothing can follow it
	entry    identity.Entry
}

// read is what could be read under a key.
type read struct {
	kept
	manifest *roster.Manifest
	list     *roster.Roster
}

// found is the newest roster that can be read, and what of the later ones cannot.
type found struct {
	read
	lost    *Lost   // nil: the newest is the one in force
	damaged []error // why each that is newer cannot be read
}

// newest returns the newest roster that can be read. Where there is none it is the list of the
// program for this tree.
func (s *Store) newest(ctx context.Context) (f found, err error) {
	err = s.own.View(ctx, func(r *state.Reader) error {
		keys := [][]byte{}
		r.Scan(rosters.Name, keyBefore, nil, func(key, _ []byte) bool {
			keys = append(keys, bytes.Clone(key))
			return true
		})
		for _, key := range slices.Backward(append(keys, keyCurrent)) {
			here, some, err := s.at(r, key)
			switch {
			case err != nil && bytes.Equal(key, keyCurrent):
				f.lost = &Lost{Number: here.Number, manifest: here.manifest, entry: here.Entry.In(s.own.Names())}
				fallthrough
			case err != nil:
				f.damaged = append(f.damaged, err)
			case some:
				f.read = here
				return nil
			}
		}
		f.read = read{list: s.shipped}
		return nil
	})
	return f, err
}

// at returns what is kept under a key, and the list that it is about. The error is for what cannot
// be read; what can be is returned beside it.
func (s *Store) at(r *state.Reader, key []byte) (here read, some bool, err error) {
	if here.kept, some, err = rosters.Read(r, key); err != nil || !some {
		return read{}, some, err
	}
	var data []byte
	if index, own := here.Entry.Index(); own {
		data, err = s.own.Payload(r, index)
	} else {
		data, err = ledger.PayloadIn(here.Proof)
	}
	var m roster.Manifest
	if err == nil {
		m, err = roster.DecodeManifest(data)
	}
	if err == nil && m.Number != here.Number {
		err = fmt.Errorf("the list has number %d", m.Number)
	}
	if err == nil {
		here.manifest = &m
		here.list, err = listOf(r, m)
	}
	if err != nil {
		return here, true, fmt.Errorf("roster number %d: %w", here.Number, err)
	}
	return here, true, nil
}

// listOf returns the list of a manifest whose pieces are here.
func listOf(r book.Reads, m roster.Manifest) (*roster.Roster, error) {
	return m.List(func(p roster.Piece) ([]byte, error) {
		data, _, err := pieces.Read(r, p.Hash)
		return data, err
	})
}

// Trouble returns what a person has to know of the list in force; nil: it can be read.
func (s *Store) Trouble() error {
	lost := s.Current().Lost
	if lost == nil {
		return nil
	}
	code := text.RosterDamaged
	if s.above != nil {
		if _, below := s.above(); below {
			code = text.RosterDamagedBelow
		}
	}
	if lost.manifest == nil && code == text.RosterDamaged {
		code = text.RosterUnreadable
	}
	return text.Fail(code, text.Args{"jurisdiction": s.own.Name().String(), "number": lost.told()}, nil)
}

// told returns the number as a person is told it.
func (l *Lost) told() string {
	if l.Number == 0 {
		return "?"
	}
	return fmt.Sprint(l.Number)
}

// Damaged reports whether a state has a list in force that cannot be read whole, and its number: 0
// where that cannot be read either. It looks at no entry.
func Damaged(r book.Reads) (number uint64, damaged bool) {
	have, some, err := rosters.Read(r, keyCurrent)
	if err != nil || !some {
		return 0, err != nil
	}
	return have.Number, slices.ContainsFunc(have.Pieces, func(p roster.Piece) bool {
		data, _, err := pieces.Read(r, p.Hash)
		return err != nil || !p.Is(data)
	})
}
