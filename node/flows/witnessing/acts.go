package witnessing

import (
	"slices"
	"strings"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// Acts are the acts of a ledger below, as they are known here. They are read from what is kept:
// nobody is asked.
type Acts struct {
	r  *state.Reader
	by identity.Jurisdiction
	k  risen
	x  ledger.Excerpt // the piece that was read last
}

// ActsOf returns the acts of a jurisdiction below, those of its newest log. The error is
// text.NoHeads where nothing of it is known. They may be read as long as r may.
func (d *Desk) ActsOf(r *state.Reader, of identity.Jurisdiction) (*Acts, error) {
	a := &Acts{r: r}
	if child, below := d.childOver(of); below {
		a.by = child
		for _, k := range known(r, child) {
			if k.Log.Jurisdiction() == of && k.Log.Epoch() >= a.k.Log.Epoch() {
				a.k = k
			}
		}
	}
	if a.k.To == 0 {
		return nil, text.Fail(text.NoHeads, text.Args{"name": of.String()}, nil)
	}
	return a, nil
}

// Known is how far the acts of a ledger are known.
type Known struct {
	Log  identity.Log
	Size uint64 // entries of which all acts are known
	Acts uint64
	// By is the child by which they came: the ledger's own jurisdiction, whose keys signed them, or
	// one that passed them on, by whose word they are all.
	By identity.Jurisdiction
	At time.Time // when the last of these entries became known
}

// Known returns how far these acts go.
func (a *Acts) Known() Known { return a.k.known(a.by) }

func (k risen) known(by identity.Jurisdiction) Known {
	return Known{Log: k.Log, Size: k.To, Acts: k.Acts, By: by, At: time.UnixMilli(int64(k.At))}
}

// KnownBelow returns how far the acts of all ledgers below a jurisdiction are known, in the order
// of their names.
func (d *Desk) KnownBelow(r *state.Reader, top identity.Jurisdiction) (all []Known) {
	child, _ := d.childOver(top) // none of the own one: all children
	for _, k := range known(r, child) {
		if of := k.Log.Jurisdiction(); of.Under(top) && of != top {
			by, _ := d.childOver(of)
			all = append(all, k.known(by))
		}
	}
	slices.SortFunc(all, func(a, b Known) int { return strings.Compare(a.Log.String(), b.Log.String()) })
	return all
}

// Log returns the log whose acts they are.
func (a *Acts) Log() identity.Log { return a.k.Log }

// Entry returns the name of an entry of the log.
func (a *Acts) Entry(index uint64) identity.Entry { return a.k.Log.Entry(index) }

// From returns the first act at an index or after it.
func (a *Acts) From(n uint64) (index uint64, leaf []byte, ok bool) {
	for ; n < a.k.To; n = a.x.To {
		a.read(n)
		for _, act := range a.x.Acts {
			if act.Index >= n {
				return act.Index, act.Leaf, true
			}
		}
	}
	return 0, nil, false
}

// Below returns the last act before an index.
func (a *Acts) Below(n uint64) (index uint64, leaf []byte, ok bool) {
	for n = min(n, a.k.To); n > 0; n = a.x.From {
		a.read(n - 1)
		for i := len(a.x.Acts) - 1; i >= 0; i-- {
			if act := a.x.Acts[i]; act.Index < n {
				return act.Index, act.Leaf, true
			}
		}
	}
	return 0, nil, false
}

// read reads the piece in which an entry lies. What cannot be read ends the transaction of r, as
// any damaged value does.
func (a *Acts) read(index uint64) {
	if a.x.From <= index && index < a.x.To {
		return
	}
	p, ok := pieceAt(a.r, a.k.Log, index)
	x, err := readPiece(p, ok)
	if err != nil || index < x.From || index >= x.To {
		state.Unreadable(pieces.Name, book.Joined(a.k.Log.String()), err)
	}
	a.x = x
}
