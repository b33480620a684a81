package roster

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// Limits of the encoding of a list, in bytes where nothing else is said.
const (
	MaxPiece    = 64 << 10 // of a piece
	MaxLen      = 12 << 20 // of all pieces: some two hundred for each of MaxPlaces
	MaxPieces   = 1024     // in number
	MaxManifest = 48 << 10
)

// ErrInvalid is wrapped by every error about bytes that are no list, and about a list that does not
// follow another.
var ErrInvalid = errors.New("invalid roster")

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, args...)...)
}

// Piece names a piece of a list.
type Piece struct {
	_    struct{} `cbor:",toarray"`
	Hash []byte   // SHA-256 of the piece
	Len  uint64   // in bytes
}

// Is reports whether the bytes are those of the piece.
func (p Piece) Is(data []byte) bool {
	hash := sha256.Sum256(data)
	return uint64(len(data)) == p.Len && bytes.Equal(hash[:], p.Hash)
}

// Manifest says of which pieces a list is made. What an entry of the root holds is its encoding.
type Manifest struct {
	Number uint64  `cbor:"1,keyasint"`
	Before []byte  `cbor:"2,keyasint,omitempty"`
	Places uint64  `cbor:"3,keyasint"` // in number
	Pieces []Piece `cbor:"4,keyasint"`
}

// DecodeManifest decodes a manifest strictly. No list that it promises is larger than what this
// package takes. The error wraps ErrInvalid.
func DecodeManifest(data []byte) (m Manifest, err error) {
	if err := canon.Unmarshal(data, MaxManifest, &m); err != nil {
		return Manifest{}, invalid("%w", err)
	}
	if len(m.Before) != 0 && len(m.Before) != sha256.Size || (m.Number > 1) != (len(m.Before) > 0) {
		return Manifest{}, invalid("number %d after a hash of %d bytes", m.Number, len(m.Before))
	}
	if m.Places == 0 || m.Places > MaxPlaces {
		return Manifest{}, invalid("%d places, at most %d", m.Places, MaxPlaces)
	}
	return m, CheckPieces(m.Pieces)
}

// CheckPieces checks that pieces can be those of a list: each once, and none, nor all together,
// larger than this package takes. The error wraps ErrInvalid.
func CheckPieces(pieces []Piece) error {
	if len(pieces) == 0 || len(pieces) > MaxPieces {
		return invalid("%d pieces, at most %d", len(pieces), MaxPieces)
	}
	all, seen := uint64(0), map[string]bool{}
	for i, p := range pieces {
		switch {
		case len(p.Hash) != sha256.Size || seen[string(p.Hash)]:
			return invalid("piece %d has a hash of %d bytes, or stands twice", i+1, len(p.Hash))
		case p.Len == 0 || p.Len > MaxPiece:
			return invalid("piece %d has %d bytes, at most %d", i+1, p.Len, MaxPiece)
		}
		seen[string(p.Hash)] = true
		all += p.Len
	}
	if all > MaxLen {
		return invalid("%d bytes in all, at most %d", all, MaxLen)
	}
	return nil
}

// List returns the list that a manifest promises. piece returns the bytes of a piece; it is not
// called where a list of the same places is in use. The error wraps ErrInvalid for pieces that are
// not those of the manifest, or no list.
func (m Manifest) List(piece func(Piece) ([]byte, error)) (*Roster, error) {
	r := &Roster{number: m.Number, before: m.Before, list: shared.of(sumOf(m.Pieces))}
	if r.list == nil {
		r.list = empty(0, nil).list
		for i, p := range m.Pieces {
			data, err := piece(p)
			if err == nil && !p.Is(data) {
				err = invalid("%d bytes are not those of the manifest", len(data))
			}
			if err == nil {
				err = r.list.read(data, m.Places)
			}
			if err != nil {
				return nil, fmt.Errorf("piece %d of the roster: %w", i+1, err)
			}
		}
		if err := r.list.distinct(); err != nil {
			return nil, err
		}
		r.list.pieces = m.Pieces
		r.list = shared.put(r.list)
	}
	if uint64(r.Len()) != m.Places {
		return nil, invalid("%d places, not %d", r.Len(), m.Places)
	}
	return r, nil
}

// Of reports whether the places are those of the list that a manifest promises.
func (m Manifest) Of(places *Roster) bool {
	pieces, err := places.cut()
	return err == nil && sumOf(pieces) == sumOf(m.Pieces)
}

// Hash returns the SHA-256 of the manifest, which the next one names.
func (m Manifest) Hash() [32]byte {
	data, err := canon.Marshal(m)
	if err != nil {
		panic(err) // bytes and numbers can be encoded
	}
	return sha256.Sum256(data)
}

// Next returns a list with the given places that follows the one that a manifest promises; see
// Roster.Next.
func (m Manifest) Next(places *Roster) *Roster {
	hash := m.Hash()
	return &Roster{number: m.Number + 1, before: hash[:], list: places.list}
}

// Number returns the number under which the root published the list; 0: no root published it.
func (r *Roster) Number() uint64 { return r.number }

// Manifest returns what says of which pieces the list is made. The error wraps ErrInvalid for a
// list that is longer than MaxLen; List and Parse return no such list.
func (r *Roster) Manifest() (m Manifest, err error) {
	m = Manifest{Number: r.number, Before: r.before, Places: uint64(r.Len())}
	m.Pieces, err = r.cut()
	return m, err
}

// Encode returns the one encoding of the manifest of the list. The error is that of Manifest.
func (r *Roster) Encode() ([]byte, error) {
	m, err := r.Manifest()
	if err != nil {
		return nil, fmt.Errorf("encode roster: %w", err)
	}
	return canon.Marshal(m)
}

// Hash returns the SHA-256 of the manifest of the list. It panics where Encode fails.
func (r *Roster) Hash() [32]byte {
	data, err := r.Encode()
	if err != nil {
		panic(err) // neither List nor Parse returned the list
	}
	return sha256.Sum256(data)
}

// Root returns the root of the tree, which stands first in the list.
func (l *list) Root() identity.Jurisdiction { return l.places[0].Name }

// Next returns a list with the given places that follows r: it has the next number, and the hash of
// r.
func (r *Roster) Next(places *Roster) *Roster {
	next := &Roster{number: r.number + 1, list: places.list}
	if r.number > 0 {
		hash := r.Hash()
		next.before = hash[:]
	}
	return next
}

// Follows checks that r may take the place of before: it is of the same tree, has the next number
// and names the hash of before. Names are permanent, so a code that stands in both lists must be of
// one place. The error wraps ErrInvalid.
func (r *Roster) Follows(before *Roster) error {
	hash := before.Hash()
	switch {
	case r.Root() != before.Root():
		return invalid("of %s, after one of %s", r.Root(), before.Root())
	case before.number == math.MaxUint64 || r.number != before.number+1:
		return invalid("number %d after number %d", r.number, before.number)
	case r.number > 1 && !bytes.Equal(r.before, hash[:]):
		return invalid("number %d names another before it", r.number)
	}
	if was, now, moved := before.Moved(r); moved {
		return invalid("the code %s was that of %s, and is that of %s", now.Code, was.Name, now.Name)
	}
	return nil
}
