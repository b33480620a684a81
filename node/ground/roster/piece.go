package roster

import (
	"crypto/sha256"
	"hash/fnv"
	"iter"
	"slices"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

type placeWire struct {
	_           struct{} `cbor:",toarray"`
	Label       string   // of a root, its name
	Parent      uint64   // among the names above, counted from 1; 0: none
	Code        string
	Level       string
	DisplayName string
	ShortName   string
	EnglishName string
}

type pieceWire struct {
	_      struct{} `cbor:",toarray"`
	Above  []string // names of the places above, in the order in which the places need them
	Places []placeWire
}

// A piece ends where ends says so once it has least bytes, and in any case before it would have
// more than MaxPiece: on average after some 30 KiB. What this counts is a little more than what the
// encoding has.
const (
	least   = 16 << 10
	oneIn   = 256
	perText = 3 // bytes of the head of a text
	headLen = 16
)

// ends reports whether a piece ends after a place, if it is long enough. It follows from the name
// of the place alone, so that most pieces stay the same when places come, go or change.
func ends(name identity.Jurisdiction) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name.String())) // never fails
	return h.Sum32()%oneIn == 0
}

// Pieces gives the pieces of the list in their order.
func (l *list) Pieces() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var w cutting
		for i, p := range l.places {
			if w.size+w.needs(p, i == 0) > MaxPiece {
				if !yield(w.piece()) {
					return
				}
				w = cutting{}
			}
			w.add(p, i == 0)
			if last := i == len(l.places)-1; last || w.size >= least && ends(p.Name) {
				if !yield(w.piece()) || last {
					return
				}
				w = cutting{}
			}
		}
	}
}

// cutting is a piece in the making.
type cutting struct {
	pieceWire
	above map[identity.Jurisdiction]uint64 // the number of each name above
	size  int
}

// needs returns at most how many bytes the piece becomes longer by a place.
func (w *cutting) needs(p Place, root bool) int {
	n := headLen
	parent, _ := p.Name.Parent()
	if _, known := w.above[parent]; !known || root {
		n += perText + len(p.Name.String())
	}
	for _, s := range []string{p.Name.Label().String(), p.Code, p.Level, p.DisplayName, p.ShortName, p.EnglishName} {
		n += perText + len(s)
	}
	return n
}

func (w *cutting) add(p Place, root bool) {
	w.size += w.needs(p, root)
	v := placeWire{
		Label: p.Name.String(), Code: p.Code, Level: p.Level, DisplayName: p.DisplayName, ShortName: p.ShortName, EnglishName: p.EnglishName,
	}
	if above, _ := p.Name.Parent(); !root {
		if w.above[above] == 0 {
			if w.above == nil {
				w.above = map[identity.Jurisdiction]uint64{}
			}
			w.Above = append(w.Above, above.String())
			w.above[above] = uint64(len(w.Above))
		}
		v.Label, v.Parent = p.Name.Label().String(), w.above[above]
	}
	w.Places = append(w.Places, v)
}

func (w *cutting) piece() []byte {
	w.Above = append([]string{}, w.Above...)
	data, err := canon.Marshal(w.pieceWire)
	if err != nil {
		panic(err) // texts and numbers can be encoded
	}
	return data
}

// cut returns the pieces of the list. The error wraps ErrInvalid for a list that is too long.
func (l *list) cut() ([]Piece, error) {
	l.once.Do(func() {
		if l.pieces != nil {
			return
		}
		for data := range l.Pieces() {
			hash := sha256.Sum256(data)
			l.pieces = append(l.pieces, Piece{Hash: hash[:], Len: uint64(len(data))})
		}
		if l.cutErr = CheckPieces(l.pieces); l.cutErr == nil {
			shared.put(l)
		}
	})
	return l.pieces, l.cutErr
}

// read appends the places of a piece, strictly. most is how many places the list may have then.
func (l *list) read(data []byte, most uint64) error {
	var w pieceWire
	if err := canon.Unmarshal(data, MaxPiece, &w); err != nil {
		return invalid("%w", err)
	}
	if w.Above == nil || len(w.Places) == 0 || uint64(len(w.Places)+len(l.places)) > most {
		return invalid("%d places after %d, at most %d", len(w.Places), len(l.places), most)
	}
	l.places, l.end = slices.Grow(l.places, len(w.Places)), slices.Grow(l.end, len(w.Places))
	above := make([]identity.Jurisdiction, 0, len(w.Above))
	for i, v := range w.Places {
		if v.Parent == uint64(len(above))+1 && len(above) < len(w.Above) {
			parent, err := identity.ParseJurisdiction(w.Above[len(above)])
			if err != nil {
				return invalid("%w", err)
			}
			above = append(above, parent)
		}
		name, err := nameOf(v, above, len(l.places) == 0)
		if err == nil {
			err = l.add(Place{
				Name: name, Code: v.Code, Level: v.Level, DisplayName: v.DisplayName, ShortName: v.ShortName, EnglishName: v.EnglishName,
			})
		}
		if err != nil {
			return invalid("place %d: %w", i+1, err)
		}
	}
	if len(above) != len(w.Above) {
		return invalid("%d names above of which %d are needed", len(w.Above), len(above))
	}
	return nil
}

func nameOf(v placeWire, above []identity.Jurisdiction, root bool) (identity.Jurisdiction, error) {
	if root && v.Parent == 0 {
		return identity.ParseJurisdiction(v.Label)
	}
	if v.Parent == 0 || v.Parent > uint64(len(above)) || root {
		return identity.Jurisdiction{}, invalid("its parent has the number %d", v.Parent)
	}
	label, err := identity.ParseLabel(v.Label)
	if err != nil {
		return identity.Jurisdiction{}, err
	}
	return above[v.Parent-1].Child(label)
}
