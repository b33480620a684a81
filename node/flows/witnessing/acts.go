package witnessing

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// Acts are the acts of a ledger below, as they are known here: those of its newest log and, before
// them, those of the epochs before that are lost there. They are read from what is kept: nobody is
// asked.
type Acts struct {
	by   identity.Jurisdiction
	logs []*actsOf // by their epochs; the last one is the newest
}

// ActsOf returns the acts of a jurisdiction below. The error is text.NoHeads where nothing of it is
// known. They may be read as long as r may.
func (d *Desk) ActsOf(r *state.Reader, of identity.Jurisdiction) (*Acts, error) {
	a := &Acts{}
	if child, below := d.childOver(of); below {
		a.by = child
		for _, k := range known(r, child) {
			if k.Log.Jurisdiction() == of && k.To > 0 {
				a.logs = append(a.logs, &actsOf{r: r, k: k, below: k.To})
			}
		}
	}
	if len(a.logs) == 0 {
		return nil, text.Fail(text.NoHeads, text.Args{"name": of.String()}, nil)
	}
	slices.SortFunc(a.logs, func(a, b *actsOf) int { return cmp.Compare(a.k.Log.Epoch(), b.k.Log.Epoch()) })
	for _, l := range a.logs {
		l.names = l.k.names()
	}
	a.chain(a.by == of)
	return a, nil
}

// chain keeps the newest log of which it is known how its epoch began, or that began a ledger anew,
// and those before of which it lost something; of these it leaves what is lost. Whether a child's
// own ledger began anew is known with its first heads. Of one further below they may have come
// before those of the epoch before.
func (a *Acts) chain(own bool) {
	var chain []*actsOf
	for _, l := range a.logs {
		if len(chain) == 0 {
			chain = append(chain, l)
			continue
		}
		before := chain[len(chain)-1]
		from, begun := l.k.lostAfter(before.k.Log.Epoch())
		switch {
		case begun:
			before.from = from
			chain = append(chain, l)
		case l.k.Anew || !own && len(l.k.Partings) == 0 && !l.begins(before): // a new ledger under the same name
			chain = []*actsOf{l}
		}
	}
	var base uint64
	for i, l := range chain {
		l.base, l.later = base, chain[i+1:]
		base += l.below
	}
	a.logs = chain
}

func (a *Acts) newest() *actsOf { return a.logs[len(a.logs)-1] }

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

// Known returns how far the acts of the newest log go.
func (a *Acts) Known() Known { return a.newest().k.known(a.by) }

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

// Log returns the newest log whose acts they are.
func (a *Acts) Log() identity.Log { return a.newest().k.Log }

// Has reports whether an entry that is named so is in the newest log. One that was lost is not.
func (a *Acts) Has(e identity.Entry) bool { return a.newest().names.Has(e) }

// Named returns the name of an entry of the newest log.
func (a *Acts) Named(entry ledger.Ref) identity.Entry { return entry.In(a.newest().names) }

// Entry returns the name of the entry of an act.
func (a *Acts) Entry(n uint64) identity.Entry {
	l := a.at(n)
	return l.names.Entry(n - l.base)
}

// About returns the name of the entry that the act at a place is about.
func (a *Acts) About(n uint64, about ledger.Ref) identity.Entry { return about.In(a.at(n).names) }

// at returns the log in which an act has its place.
func (a *Acts) at(n uint64) *actsOf {
	i := len(a.logs) - 1
	for i > 0 && n < a.logs[i].base {
		i--
	}
	return a.logs[i]
}

// From returns the first act at a place or after it. The places of each log come after those of the
// epochs before.
func (a *Acts) From(n uint64) (at uint64, leaf []byte, ok bool) {
	for _, l := range a.logs {
		if n < l.base+l.below {
			if index, leaf, ok := l.lostFrom(max(n, l.base) - l.base); ok {
				return l.base + index, leaf, true
			}
		}
	}
	return 0, nil, false
}

// Below returns the last act before a place.
func (a *Acts) Below(n uint64) (at uint64, leaf []byte, ok bool) {
	for _, l := range slices.Backward(a.logs) {
		if n > l.base {
			if index, leaf, ok := l.lostBelow(n - l.base); ok {
				return l.base + index, leaf, true
			}
		}
	}
	return 0, nil, false
}

// actsOf are the acts of one log.
type actsOf struct {
	r     *state.Reader
	k     risen
	names state.Names
	x     ledger.Excerpt // the piece that was read last
	base  uint64         // the place of its first entry
	below uint64         // entries
	later []*actsOf      // of later epochs, each of which may go on from any before; none: it is the newest
	from  uint64         // the first entry that may be lost there
}

// begins reports whether the log begins as another one does.
func (l *actsOf) begins(as *actsOf) bool {
	n, leaf, ok := l.fromIndex(0)
	m, other, known := as.fromIndex(0)
	return !ok || !known || n == m && bytes.Equal(leaf, other)
}

// has reports whether an act stands at its place in the log.
func (l *actsOf) has(index uint64, leaf []byte) bool {
	n, here, ok := l.fromIndex(index)
	return ok && n == index && bytes.Equal(here, leaf)
}

// isLater reports whether a log of a later epoch has an act.
func (l *actsOf) isLater(index uint64, leaf []byte) bool {
	return slices.ContainsFunc(l.later, func(other *actsOf) bool { return other.has(index, leaf) })
}

// lostFrom is fromIndex for what no later epoch has; of the newest, for all.
func (l *actsOf) lostFrom(n uint64) (index uint64, leaf []byte, ok bool) {
	if len(l.later) == 0 {
		return l.fromIndex(n)
	}
	for n, leaf, ok = l.fromIndex(max(n, l.from)); ok && l.isLater(n, leaf); {
		n, leaf, ok = l.fromIndex(n + 1)
	}
	return n, leaf, ok
}

// lostBelow is belowIndex likewise.
func (l *actsOf) lostBelow(n uint64) (index uint64, leaf []byte, ok bool) {
	if len(l.later) == 0 {
		return l.belowIndex(n)
	}
	for n, leaf, ok = l.belowIndex(n); ok && n >= l.from && l.isLater(n, leaf); {
		n, leaf, ok = l.belowIndex(n)
	}
	return n, leaf, ok && n >= l.from
}

// fromIndex returns the first act at an index or after it.
func (l *actsOf) fromIndex(n uint64) (index uint64, leaf []byte, ok bool) {
	for ; n < l.k.To; n = l.x.To {
		l.read(n)
		for _, act := range l.x.Acts {
			if act.Index >= n {
				return act.Index, act.Leaf, true
			}
		}
	}
	return 0, nil, false
}

// belowIndex returns the last act before an index.
func (l *actsOf) belowIndex(n uint64) (index uint64, leaf []byte, ok bool) {
	for n = min(n, l.k.To); n > 0; n = l.x.From {
		l.read(n - 1)
		for i := len(l.x.Acts) - 1; i >= 0; i-- {
			if act := l.x.Acts[i]; act.Index < n {
				return act.Index, act.Leaf, true
			}
		}
	}
	return 0, nil, false
}

// read reads the piece in which an entry lies. What cannot be read ends the transaction of r, as
// any damaged value does.
func (l *actsOf) read(index uint64) {
	if l.x.From <= index && index < l.x.To {
		return
	}
	p, ok := pieceAt(l.r, l.k.Log, index)
	x, err := readPiece(p, ok)
	if err != nil || index < x.From || index >= x.To {
		state.Unreadable(pieces.Name, book.Joined(l.k.Log.String()), err)
	}
	l.x = x
}
