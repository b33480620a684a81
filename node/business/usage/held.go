package usage

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// held has what was last heard of each grant that an agency holds at another jurisdiction, by the
// agency, a zero byte, and a MAC of the grant's name.
var held = book.Bucket[keptHeld]{Name: "held", Max: 64, MaxKey: 128}

// keptHeld is the value of the held bucket. What the grant is for stands in the payload of the
// question, which names the grant.
type keptHeld struct {
	_       struct{}   `cbor:",toarray"`
	Asked   ledger.Ref // the question at which it was heard of last
	Until   uint64     // its end, ms since 1970 UTC; 0: none was told
	Heard   uint64     // by the clock, ms since 1970 UTC
	Revoked bool
}

// Held is what a question learned of a grant.
type Held struct {
	_       struct{} `cbor:",toarray"`
	Grant   Found    // MAC of its name
	Until   uint64   // its end, ms since 1970 UTC; 0: none was told
	Revoked bool
}

// FindGrant returns the MAC by which a grant is found.
func FindGrant(l book.Ledger, grant identity.Entry) Found { return find(l, "grant", grant.String()) }

// keep keeps what was heard. A refusal that names no end leaves the one that was told before.
func (h Held) keep(tx *state.Tx, agency string, entry ledger.Ref, answered bool) error {
	key := append(book.Joined(agency), h.Grant...)
	now := keptHeld{Asked: entry, Until: h.Until, Heard: tx.Clock(), Revoked: h.Revoked}
	if before, ok := held.Load(tx, key); ok && !answered && now.Until == 0 {
		now.Until = before.Until
	}
	return held.Save(tx, key, now)
}

// HeldRow is a grant that an agency of this jurisdiction holds at another one, as far as is known
// here.
type HeldRow struct {
	Agency identity.Label // that holds it
	Ends   time.Time      // zero: no end was told
	Heard  time.Time      // when it was heard of last
	Taken  bool           // it was told then that the grant is revoked
	Over   bool           // its end is over
	Asked  identity.Entry // the question at which it was heard of last
	Since                 // what later questions were told
	State  State
	AskedSaid
}

// position is the place of a grant in the list: those that may be used come first, and of them the
// one that ends first.
func (k keptHeld) position(key []byte, now uint64) []byte {
	rank, until := byte(0), k.Until
	if until == 0 {
		until = math.MaxUint64
	}
	if k.Revoked || until <= now {
		rank = 1
	}
	return slices.Concat([]byte{rank}, book.Be64(until), key)
}

// heldCursor is the content of a cursor of the grants, which is sealed.
type heldCursor struct {
	_      struct{} `cbor:",toarray"`
	Digest []byte
	Now    uint64 // the clock at the first page
	After  []byte // position of the last row before
}

const maxHeldCursorLen = 256

// Held returns a page of the grants that the agency holds at other jurisdictions, or, for whoever
// runs the jurisdiction, that all its agencies hold: those that end soon first, those that are over
// or revoked last. It is what was told with the last answer or refusal under each: what the
// provider did since is not known here. A page reads the few bytes that are kept of each grant of
// these agencies, and keeps no more in memory than its own. cursor is "" at the end. Refusals:
// text.OthersList, text.CursorNotOfList, and those of the actor.
func (d *Desk) Held(ctx context.Context, by Asks, agency identity.Label, p Page) (rows []HeldRow, cursor string, err error) {
	err = d.own.View(ctx, func(r *state.Reader) error {
		agencies, err := asking(r, by, agency)
		if err != nil {
			return err
		}
		c := heldCursor{Digest: digestOf("held", agency.String()), Now: r.Clock(), After: []byte{}}
		if p.Cursor != "" {
			if c, err = openHeld(d.own, p.Cursor, c.Digest); err != nil {
				return err
			}
		}
		first, more := firstHeld(r, agencies, c, p.Rows())
		for _, g := range first {
			rows = append(rows, d.heldRow(r, g, c.Now))
		}
		if more {
			c.After = first[len(first)-1].position
			cursor = d.own.SealToken(encoded(c))
		}
		return nil
	})
	return rows, cursor, err
}

// placed is a grant in the list.
type placed struct {
	position []byte
	agency   string
	keptHeld
}

// firstHeld returns the grants that come first after the cursor, and whether there are more.
func firstHeld(r book.Reads, agencies choice, c heldCursor, limit int) (first []placed, more bool) {
	each := func(key []byte, k keptHeld) {
		agency, _, _ := bytes.Cut(key, []byte{0})
		g := placed{k.position(key, c.Now), string(agency), k}
		if bytes.Compare(g.position, c.After) <= 0 {
			return
		}
		at, _ := slices.BinarySearchFunc(first, g.position, func(a placed, b []byte) int { return bytes.Compare(a.position, b) })
		if more = more || len(first) == limit; at < limit {
			first = slices.Insert(first, at, g)
			first = first[:min(len(first), limit)]
		}
	}
	prefixes := [][]byte{nil}
	if agencies != nil {
		prefixes = nil
	}
	for _, a := range agencies {
		prefixes = append(prefixes, book.Joined(a))
	}
	for _, prefix := range prefixes {
		for key, k := range held.All(r, prefix) {
			each(key, k)
		}
	}
	return first, more
}

func (d *Desk) heldRow(r *state.Reader, g placed, now uint64) HeldRow {
	row := HeldRow{
		Heard: time.UnixMilli(int64(g.Heard)), Taken: g.Revoked, Over: g.Until > 0 && g.Until <= now, Asked: g.Asked.In(r.Names()),
	}
	row.Agency, _ = identity.ParseLabel(g.agency)
	if n, ok := g.Asked.Index(); ok {
		row.State = said(r, d.own, n, &row.AskedSaid)
	}
	if g.Until > 0 {
		row.Ends = time.UnixMilli(int64(g.Until))
	}
	row.Since = d.since(r, row)
	return row
}

func openHeld(own book.Ledger, token string, digest []byte) (c heldCursor, err error) {
	data, err := own.OpenToken(token)
	if err == nil {
		err = canon.Unmarshal(data, maxHeldCursorLen, &c)
	} else if !errors.Is(err, book.ErrToken) {
		return c, err
	}
	if err != nil || !bytes.Equal(c.Digest, digest) {
		return c, text.Fail(text.CursorNotOfList, nil, err)
	}
	return c, nil
}
