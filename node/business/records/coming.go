package records

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

// Coming is an entry that is to be published together with the rows of a file.
type Coming struct {
	Entry    catalog.Entry
	Document []byte // as it would be signed
}

func (c *Coming) hash() MAC { return sha256.Sum256(c.Document) }

func (c *Coming) hex() string {
	hash := c.hash()
	return hex.EncodeToString(hash[:])
}

// by returns who acts: for the entry to come, whoever names no agency acts for the one that it
// names.
func (how Reading) by(by catalog.Actor) catalog.Actor {
	if how.For == nil {
		return by
	}
	return by.For(how.For.Entry.Agency)
}

// of returns the dataset as the rows of a file are read for it: as it is, or as it would be with
// the entry to come, of which no record was checked yet.
func (how Reading) of(set dataset) (dataset, error) {
	next := how.For
	if next == nil {
		return set, nil
	}
	schema, err := rows.Compile(next.Entry.Schema, next.Entry.Key, next.Entry.Indexed)
	if err != nil {
		return set, catalog.Invalid(set.Code.String(), err)
	}
	set.Published = catalog.Published{Entry: next.Entry, Version: set.Version + 1, At: set.At, Document: next.Document}
	set.schema = schema
	return set, nil
}

// along begins the part of the plan about the rows that come along.
func (c *checking) along(r *state.Reader) error {
	if c.with.IsZero() {
		return nil
	}
	document, err := c.next.Encode()
	if err != nil {
		return err
	}
	s, err := staged(r, c.set, c.with)
	if err == nil {
		err = s.ready(r, c.with, document)
	}
	c.plan.Rows = &RowsPlan{Import: c.with, Since: c.as.Records, Rows: s.Rows}
	c.replace = s.Replace
	return err
}

// fate is what becomes of a record.
type fate int

const (
	stays  fate = iota // as it is
	yields             // to a row that comes along
	leaves             // because the rows take the place of all
)

// meet counts what the rows that come along do to a record; stored is nil where it cannot be read.
// It returns the row to which the record yields; nil where that cannot be read.
func (c *checking) meet(r *state.Reader, f found, stored []byte) (_ fate, coming []byte, err error) {
	w := c.plan.Rows
	if w == nil {
		return stays, nil, nil
	}
	row, comes := stagedEntry(r, c.set, f.key, ledger.RefTo(c.with.Index()))
	switch {
	case !comes && c.replace:
		w.Left++
		return leaves, nil, nil
	case !comes:
		w.Stay++
		return stays, nil, nil
	}
	w.Replaced++
	coming, err = c.desk.ledger.Payload(r, row)
	if stored == nil || err != nil { // what cannot be read is not the same
		return yields, nil, nil
	}
	if stored, err = c.schema.Shown(stored); bytes.Equal(stored, coming) {
		w.Replaced, w.Unchanged = w.Replaced-1, w.Unchanged+1
	}
	return yields, coming, err
}

// again counts the members of a record that no answer shows now, and that the row to which it
// yields has: because the row keeps them, or brings them. Of a row that cannot be read, nobody
// knows that it lacks one. hidden are the members that are not shown now, and gone those that would
// not be shown then.
func (c *checking) again(row []byte, hidden, gone []string) error {
	if row != nil {
		has, err := c.set.schema.Unlisted(row)
		if err != nil {
			return err
		}
		hidden = slices.DeleteFunc(hidden, func(field string) bool { return !slices.Contains(has, field) })
	}
	hold(&c.plan.Return, hidden, gone)
	return nil
}

// stagedEntry returns the entry of the row that a staged import has for the key.
func stagedEntry(r book.Reads, set dataset, key MAC, opened ledger.Ref) (entry uint64, ok bool) {
	prefix := importPrefix(set.Code, key, opened)
	r.Scan(versions.Name, prefix, prefix, func(k, _ []byte) bool {
		entry, ok = ^number(k[len(k)-8:]), true
		return false
	})
	return entry, ok
}

// staged returns the import into the dataset that the entry opened. The refusal is text.NotAlong.
func staged(r *state.Reader, set dataset, opened identity.Entry) (importState, error) {
	s, ok := importAt(r, opened.Index())
	if !ok || !r.Names().Has(opened) || s.Code != set.Code {
		return s, text.Fail(text.NotAlong, text.Args{"import": opened.String(), "dataset": set.Code.String()}, nil)
	}
	return s, nil
}

// Published reports whether the rows of an import into the dataset were published. The refusal is
// text.NotAlong for an entry that opened none.
func (d *Desk) Published(ctx context.Context, code identity.Label, opened identity.Entry) (done bool, err error) {
	err = d.ledger.View(ctx, func(r *state.Reader) error {
		set, err := d.at(r, code)
		if err == nil {
			var s importState
			s, err = staged(r, set, opened)
			done = s.Published != ledger.None
		}
		return err
	})
	return done, err
}

// Bring makes the body of the command that publishes an entry with the rows of which the plan is.
// It makes the provider's act over the root of the rows' leaves, and proposes nothing.
func (d *Desk) Bring(ctx context.Context, publication catalog.Publication, of RowsPlan) (Along, error) {
	var set dataset
	var s stated
	err := d.ledger.View(ctx, func(r *state.Reader) (err error) {
		if set, err = d.at(r, publication.Code); err != nil {
			return err
		}
		note, err := d.ledger.Payload(r, of.Import.Index())
		if err == nil {
			err = json.Unmarshal(note, &s)
		}
		return err
	})
	if err != nil {
		return Along{}, fmt.Errorf("read import %s: %w", of.Import, err)
	}
	s.Left = of.Left
	rows, err := d.publication(ctx, set, of.Import.Index(), s)
	rows.Since = of.Since
	return Along{Publication: publication, Rows: rows}, err
}

// PublishAlong publishes an entry together with the rows. Refusals beside those of catalog.Propose:
// text.NotAlong and text.RecordsMoved, see Plan.
func (d *Desk) PublishAlong(ctx context.Context, request book.Request, a Along) (catalog.PublicationResult, error) {
	defer d.poke()
	return commandAlong.Do(ctx, d.ledger, request, a)
}

// CameAlong returns the result of PublishAlong for a request that came before; see
// book.Command.Came.
func (d *Desk) CameAlong(ctx context.Context, request book.Request) (catalog.PublicationResult, bool, error) {
	return commandAlong.Came(ctx, d.ledger, request)
}
