package roster

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// MaxLen is the longest encoding of a list, in bytes; that is enough for some five thousand places.
const MaxLen = 384 << 10

// ErrInvalid is wrapped by every error about bytes that are no list, and about a list that does not
// follow another.
var ErrInvalid = errors.New("invalid roster")

type placeWire struct {
	_           struct{} `cbor:",toarray"`
	Label       string   // of a root, its name
	Parent      uint64   // counted from 1; 0: none
	Code        string
	Level       string
	DisplayName string
	ShortName   string
	EnglishName string
}

type rosterWire struct {
	Number uint64      `cbor:"1,keyasint"`
	Before []byte      `cbor:"2,keyasint,omitempty"`
	Places []placeWire `cbor:"3,keyasint"`
}

// Number returns the number under which the root published the list; 0: no root published it.
func (r *Roster) Number() uint64 { return r.number }

// Encode returns the one encoding of the list. It refuses a list that is longer than MaxLen.
func (r *Roster) Encode() ([]byte, error) {
	w := rosterWire{Number: r.number, Before: r.before}
	for _, p := range r.places {
		v := placeWire{
			Label: p.Name.String(), Code: p.Code, Level: p.Level, DisplayName: p.DisplayName, ShortName: p.ShortName, EnglishName: p.EnglishName,
		}
		if above, below := p.Name.Parent(); below && len(w.Places) > 0 {
			v.Label, v.Parent = p.Name.Label().String(), uint64(r.byName[above])+1
		}
		w.Places = append(w.Places, v)
	}
	data, err := canon.Marshal(w)
	if err == nil && len(data) > MaxLen {
		err = fmt.Errorf("%w: %d bytes", ErrInvalid, len(data))
	}
	if err != nil {
		return nil, fmt.Errorf("encode roster: %w", err)
	}
	return data, nil
}

// Hash returns the SHA-256 of the encoding of the list. It panics where Encode fails; Decode
// returns no such list.
func (r *Roster) Hash() [32]byte {
	data, err := r.Encode()
	if err != nil {
		panic(err) // the list was parsed or built, and is too long to be encoded
	}
	return sha256.Sum256(data)
}

// Decode decodes a list strictly. The error wraps ErrInvalid.
func Decode(data []byte) (*Roster, error) {
	var w rosterWire
	if err := canon.Unmarshal(data, MaxLen, &w); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if len(w.Places) == 0 || len(w.Places) > MaxPlaces || len(w.Before) != 0 && len(w.Before) != sha256.Size || (w.Number > 1) != (len(w.Before) > 0) {
		return nil, fmt.Errorf("%w: number %d of %d places, after a hash of %d bytes", ErrInvalid, w.Number, len(w.Places), len(w.Before))
	}
	r := empty(w.Number, w.Before)
	for i, v := range w.Places {
		name, err := r.nameOf(v, i)
		if err == nil {
			err = r.add(Place{
				Name: name, Code: v.Code, Level: v.Level, DisplayName: v.DisplayName, ShortName: v.ShortName, EnglishName: v.EnglishName,
			})
		}
		if err != nil {
			return nil, fmt.Errorf("%w: place %d: %w", ErrInvalid, i+1, err)
		}
	}
	return r, nil
}

func (r *Roster) nameOf(v placeWire, i int) (identity.Jurisdiction, error) {
	if i == 0 && v.Parent == 0 {
		return identity.ParseJurisdiction(v.Label)
	}
	if v.Parent == 0 || v.Parent > uint64(i) {
		return identity.Jurisdiction{}, fmt.Errorf("its parent is place %d", v.Parent)
	}
	label, err := identity.ParseLabel(v.Label)
	if err != nil {
		return identity.Jurisdiction{}, err
	}
	return r.places[v.Parent-1].Name.Child(label)
}

// Root returns the root of the tree, which stands first in the list.
func (r *Roster) Root() identity.Jurisdiction { return r.places[0].Name }

// Next returns a list with the given places that follows r: it has the next number, and the hash of
// r.
func (r *Roster) Next(places *Roster) *Roster {
	next := *places
	next.number, next.before = r.number+1, nil
	if r.number > 0 {
		hash := r.Hash()
		next.before = hash[:]
	}
	return &next
}

// Follows checks that r may take the place of before: it is of the same tree, has the next number
// and names the hash of before. Names are permanent, so a code that stands in both lists must be of
// one place. The error wraps ErrInvalid.
func (r *Roster) Follows(before *Roster) error {
	hash := before.Hash()
	switch {
	case r.Root() != before.Root():
		return fmt.Errorf("%w: of %s, after one of %s", ErrInvalid, r.Root(), before.Root())
	case r.number != before.number+1:
		return fmt.Errorf("%w: number %d after number %d", ErrInvalid, r.number, before.number)
	case r.number > 1 && !bytes.Equal(r.before, hash[:]):
		return fmt.Errorf("%w: number %d names another before it", ErrInvalid, r.number)
	}
	if was, now, moved := before.Moved(r); moved {
		return fmt.Errorf("%w: the code %s was that of %s, and is that of %s", ErrInvalid, now.Code, was.Name, now.Name)
	}
	return nil
}
