package witnessing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/witness"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// Cosigned is who cosigned a checkpoint, with the verifier key by which tools know the line.
type Cosigned struct {
	By  identity.Jurisdiction
	Key string    // "": it is of a key set that is not known here any more
	At  time.Time // by its clock
}

// Follow is host.Follow for the largest own checkpoint that a witness cosigned: the note has the
// lines of all witnesses that cosigned it. The error is text.NotWitnessed where there is none.
func (d *Desk) Follow(ctx context.Context, since uint64) (f host.Followed, by []Cosigned, err error) {
	if f, err = d.o.Own.Follow(ctx, 0); err != nil {
		return f, nil, err
	}
	err = d.o.Own.View(ctx, func(r *state.Reader) error {
		if f.Checkpoint, f.Signed, by, err = d.witnessed(r); err != nil {
			return err
		}
		switch size := f.Checkpoint.Size; {
		case since > size:
			return fmt.Errorf("prove %d entries a prefix of %d: %w", since, size, host.ErrBeyond)
		case since > 0:
			f.Path, err = ledger.ProveConsistency(since, size, r)
		}
		return err
	})
	return f, by, err
}

// witnessed returns the largest checkpoint that was cosigned, with all its lines.
func (d *Desk) witnessed(r *state.Reader) (c ledger.Checkpoint, note []byte, by []Cosigned, err error) {
	var largest uint64
	for _, each := range cosignedBy.All(r, nil) {
		if each.Log == r.Log() {
			largest = max(largest, each.Size)
		}
	}
	if largest == 0 {
		return c, nil, nil, text.Fail(text.NotWitnessed, text.Args{"log": r.Log().String()}, nil)
	}
	for key, each := range cosignedBy.All(r, nil) {
		if each.Log != r.Log() || each.Size != largest {
			continue
		}
		if c, err = (ledger.Growth{Note: each.Note}).Checkpoint(); err != nil {
			return c, nil, nil, err
		}
		if note == nil {
			note = each.Note
		}
		head, _, _ := bytes.Cut(each.Note, []byte("\n\n"))
		if note, err = ledger.MergeNotes(note, slices.Concat(head, []byte("\n\n"), each.Line)); err != nil {
			return c, nil, nil, err
		}
		name, err := identity.ParseJurisdiction(string(key[:len(key)-1]))
		if err != nil {
			return c, nil, nil, err
		}
		by = append(by, Cosigned{By: name, Key: d.keyOf(each, c, name), At: time.Unix(int64(each.At), 0)})
	}
	return c, note, by, nil
}

// Common returns how many entries of the own ledger a neighbour cosigned as they are here, and the
// most that any did.
func (d *Desk) Common(ctx context.Context, by identity.Jurisdiction) (size, most uint64, err error) {
	c, err := d.cosigned(ctx, by)
	if err == nil && c.Log == d.o.Own.Log() {
		size = c.Size
	}
	if err == nil {
		err = d.o.Own.View(ctx, func(r *state.Reader) error {
			for _, each := range cosignedBy.All(r, nil) {
				if each.Log == r.Log() {
					most = max(most, each.Size)
				}
			}
			return nil
		})
	}
	return size, most, err
}

// Proven returns what neighbours keep of other histories of the own log, or of more of it than
// there was, as this replica has it by now.
func (d *Desk) Proven(ctx context.Context) (all []host.Seen, err error) {
	var found []fork
	err = d.o.Own.Look(func(r *state.Reader) error {
		for _, each := range forks.All(r, nil) {
			if each.Log == r.Log() {
				found = append(found, each)
			}
		}
		for _, m := range moreOf.All(r, nil) {
			if c, err := (ledger.Growth{Note: m.Note}).Checkpoint(); err == nil && c.Log == r.Log() {
				all = append(all, host.Seen{By: m.By, Checkpoint: c, Note: m.Note, At: time.UnixMilli(int64(m.At))})
			}
		}
		return nil
	})
	for _, f := range found {
		s, bad := d.otherIn(ctx, f)
		if err = errors.Join(err, bad); bad == nil {
			all = append(all, s)
		}
	}
	return all, err
}

// otherIn returns what the holder keeps, of evidence that proves a fork of the own log.
func (d *Desk) otherIn(ctx context.Context, f fork) (s host.Seen, err error) {
	sets, err := d.ownKeys(ctx)
	if err != nil {
		return s, err
	}
	kept, _, err := witness.OpenFork(f.Evidence, d.name, sets)
	if err != nil {
		return s, err
	}
	note, _, err := witness.NotesIn(f.Evidence)
	return host.Seen{By: f.Holder, Checkpoint: kept, Note: note, At: time.UnixMilli(int64(f.At))}, err
}

// doubt puts the own ledger in question where it is not the one that the holder keeps: two notes
// prove that its keys signed both. The one that is kept goes on.
func (d *Desk) doubt(ctx context.Context, f fork) error {
	seen, err := d.otherIn(ctx, f)
	if err == nil {
		d.o.Own.Doubt(seen)
	}
	return err
}

// keyOf returns the verifier key of the line of a witness.
func (d *Desk) keyOf(each cosigned, c ledger.Checkpoint, by identity.Jurisdiction) string {
	known, err := d.o.KeySets(by)
	if err != nil {
		return ""
	}
	var sets []trust.KeySet
	for _, b := range known {
		sets = append(sets, b.KeySet)
	}
	_, key, err := cosignedWith(each.Line, c, by, sets)
	if err != nil {
		return ""
	}
	return ledger.WitnessKey(by, key)
}
