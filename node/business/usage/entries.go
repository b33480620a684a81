package usage

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// maxHeads is how many heads are read for one page of entries. A page of few kinds may be short, or
// empty, and the list go on.
const maxHeads = 20_000

// Leaves are the leaves of a ledger as far as they are known here: all of the own one, of one below
// its acts.
type Leaves interface {
	Log() identity.Log
	Entry(index uint64) identity.Entry // its name
	// About returns the name of the entry that the one at an index is about.
	About(index uint64, about ledger.Ref) identity.Entry
	// From returns the first leaf at an index or after it, Below the last one before it.
	From(n uint64) (index uint64, leaf []byte, ok bool)
	Below(n uint64) (index uint64, leaf []byte, ok bool)
}

// EntryFilter says which entries of a ledger are wanted. A zero value stands for all.
type EntryFilter struct {
	Period
	Kind         string         // name in either language, or number (docs/protocol.md)
	Agency, Code identity.Label // of the head
	OldestFirst  bool
	Of           func(r *state.Reader) (Leaves, error) // another ledger than the own one
}

// leaves are the own ones.
type leaves struct{ *state.Reader }

// Entry returns the name of an entry.
func (l leaves) Entry(index uint64) identity.Entry { return l.Names().Entry(index) }

// About returns the name of an entry that another one is about.
func (l leaves) About(_ uint64, about ledger.Ref) identity.Entry { return about.In(l.Names()) }

func (l leaves) From(n uint64) (index uint64, leaf []byte, ok bool) {
	return n, l.Leaf(n), n < l.Size()
}

func (l leaves) Below(n uint64) (index uint64, leaf []byte, ok bool) {
	n = min(n, l.Size())
	return n - 1, l.Leaf(n - 1), n > 0
}

func (f EntryFilter) wants(kind ledger.Kind, h ledger.Head) bool {
	if f.Of != nil { // the period of the own ledger is found by its numbers
		if from, to := f.bounds(); h.Time < from || to > 0 && h.Time >= to {
			return false
		}
	}
	return (kind == 0 || kind == h.Kind) && (f.Agency.IsZero() || f.Agency == h.Agency) && (f.Code.IsZero() || f.Code == h.Code)
}

// mostKinds is above the number of every kind of entry.
const mostKinds = 1 << 10

// kindNamed returns the kind of entry with a name of either language, or a number; 0 for "".
func kindNamed(typed string) (ledger.Kind, error) {
	if typed == "" {
		return 0, nil
	}
	var kinds []string
	for k := ledger.Kind(1); k < mostKinds; k++ {
		name := k.String()
		if text.Word(text.Zh, name) != name { // it has a name
			kinds = append(kinds, name)
		}
		if strings.EqualFold(name, typed) || text.Word(text.Zh, name) == typed || strconv.FormatUint(uint64(k), 10) == typed {
			return k, nil
		}
	}
	return 0, text.Fail(text.KindUnknown, text.Args{"kind": text.Short(typed), "kinds": strings.Join(kinds, ", ")}, nil)
}

// source returns the leaves that are listed, and the numbers between which those of the period
// stand.
func (f EntryFilter) source(q list[host.Entry], r *state.Reader) (l Leaves, from, below uint64, err error) {
	if f.Of != nil {
		l, err = f.Of(r)
		return l, 0, identity.MaxIndex, err
	}
	from, below, err = q.numbers(r)
	return leaves{r}, from, below, err
}

// Entries returns a page of the entries of the ledger, or of another one that the filter names,
// which are public as far as their heads say, the newest first unless the filter wants the oldest
// first; cursor is "" at the end. Refusals: text.KindUnknown, text.CursorNotOfList.
func (d *Desk) Entries(ctx context.Context, f EntryFilter, p Page) (rows []host.Entry, cursor string, err error) {
	kind, err := kindNamed(f.Kind)
	if err != nil {
		return nil, "", err
	}
	q := list[host.Entry]{Page: p, Period: f.Period, name: "entries", filter: []string{
		kind.String(), f.Agency.String(), f.Code.String(), fmt.Sprint(f.OldestFirst),
	}}
	err = d.own.View(ctx, func(r *state.Reader) error {
		l, from, below, err := f.source(q, r)
		if err != nil {
			return err
		}
		if f.Of != nil {
			q.filter = append(q.filter, l.Log().String())
		}
		if p.Cursor != "" {
			var at uint64
			if at, err = openCursor(d.own, p.Cursor, q.digest()); f.OldestFirst {
				from = max(from, at)
			} else {
				below = min(below, at)
			}
		}
		if err != nil {
			return err
		}
		found, at, err := heads(l, f, kind, from, below, p.Rows())
		rows = found
		if err == nil && at != ended {
			cursor = sealCursor(d.own, q.digest(), at)
		}
		return err
	})
	return rows, cursor, err
}

// ended is no number of an entry.
const ended = ^uint64(0)

// heads returns the wanted entries of those from a number to below another, at most limit, and
// where the list goes on; ended: nowhere.
func heads(l Leaves, f EntryFilter, kind ledger.Kind, from, below uint64, limit int) (rows []host.Entry, at uint64, err error) {
	for read := 0; from < below; read++ {
		n, data, ok := l.Below(below)
		if f.OldestFirst {
			n, data, ok = l.From(from)
		}
		if !ok || n < from || n >= below {
			break
		}
		if len(rows) == limit || read == maxHeads {
			if f.OldestFirst {
				return rows, from, nil
			}
			return rows, below, nil
		}
		leaf, err := ledger.DecodeLeaf(data)
		if err != nil {
			return nil, 0, fmt.Errorf("read entry %d: %w", n, err)
		}
		if f.wants(kind, leaf.Head) {
			rows = append(rows, host.Entry{Name: l.Entry(n), About: l.About(n, leaf.Head.About), Leaf: leaf, Hash: ledger.LeafHash(data)})
		}
		if f.OldestFirst {
			from = n + 1
		} else {
			below = n
		}
	}
	return rows, ended, nil
}
