package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// A ledger that lost entries knows of them by their heads alone: that a later version of a dataset
// was published, or a record of it retracted, and not what that version says. The dataset is held
// then: it answers nobody, until its provider publishes an entry of it, also the one that is here.
// A standard is held in the same way. Where a revocation is lost together with the grant that it
// ended, nobody knows whom it keeps from grants by rule: of that dataset nobody gets one, until
// then.

// What is held. They are the first part of the keys of holds, as those of endings.
const (
	HeldDataset  = endedDataset
	HeldStandard = endedStandard
	HeldRules    = "rules" // grants by rule of a dataset
)

// keptHold is the value that the holds bucket has under what is held and its code.
type keptHold struct {
	_     struct{} `cbor:",toarray"`
	Entry ledger.Ref
	At    uint64 // by the clock
	Lost  string // the entry that is lost
}

var holds = book.Bucket[keptHold]{Name: "catalogue-held", Max: 512}

// holdBody is the body of commandHold.
type holdBody struct {
	_         struct{} `cbor:",toarray"`
	What      string
	Code      identity.Label
	Lost      identity.Entry
	Kind      ledger.Kind // of the entry that is lost
	After     uint64      // the entry with which the ledger went on
	Statement book.Statement
}

// Hold holds a dataset, a standard or the grants by rule of a dataset, because the entry of the
// kind is lost, of a ledger that went on with the entry after. held is false where there is nothing
// to hold: it is not here, has ended, is held already, or was published since, which is the word
// that a hold waits for.
func Hold(ctx context.Context, l book.Ledger, id identity.Message, what string, code identity.Label, lost identity.Entry, kind ledger.Kind, after uint64) (held bool, err error) {
	payload, err := json.Marshal(map[string]string{"held": what, "code": code.String(), "lost": lost.String(), "kind": kind.String()})
	if err != nil {
		return false, err
	}
	note, err := l.Note(EntryType, payload)
	if err != nil {
		return false, err
	}
	b := holdBody{What: what, Code: code, Lost: lost, Kind: kind, After: after, Statement: note}
	entry, err := commandHold.Do(ctx, l, book.ByNode(l, id, payload), b)
	if err != nil {
		return false, fmt.Errorf("hold %s: %w", code, err)
	}
	return entry != ledger.None, nil
}

// applyHold holds something. The version is raised, so that nothing that was decided before counts.
func applyHold(tx *state.Tx, b holdBody) (entry ledger.Ref, err error) {
	if _, known := heldCodes[b.What]; !known {
		return ledger.None, fmt.Errorf("hold %q", b.What)
	}
	key := endingKey(b.What, b.Code)
	ends := b.What
	if ends == HeldRules {
		ends = endedDataset
	}
	if _, ended := endingOf(tx, ends, b.Code); ended || holds.Has(tx, key) {
		return ledger.None, nil
	}
	if b.What == HeldStandard {
		kept, known := setStandards.Load(tx, []byte(b.Code.String()))
		if !known || b.saidSince(kept.Said) {
			return ledger.None, nil
		}
		kept.Version++
		err = setStandards.Save(tx, []byte(b.Code.String()), kept)
	} else {
		kept, known := keptAt(tx, b.Code)
		if !known || b.saidSince(kept.Said) {
			return ledger.None, nil
		}
		if b.What == HeldDataset { // who has a grant may use it still where those by rule are held
			kept.Version++
			err = kept.save(tx, b.Code)
		}
	}
	if err == nil {
		err = holds.Save(tx, key, keptHold{Entry: book.Next(tx), At: tx.Clock(), Lost: b.Lost.String()})
	}
	if err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindHeld, Code: b.Code, From: b.Lost.Index(), To: uint64(b.Kind)})
}

// saidSince reports whether an agency published what is to be held after the ledger went on.
func (b holdBody) saidSince(said ledger.Ref) bool {
	index, ok := said.Index()
	return ok && index > b.After
}

// release ends what is held of a dataset or a standard: its provider has spoken.
func release(tx *state.Tx, what string, code identity.Label) error {
	keys := [][]byte{endingKey(what, code)}
	if what == HeldDataset {
		keys = append(keys, endingKey(HeldRules, code))
	}
	for _, key := range keys {
		if !holds.Has(tx, key) {
			continue
		}
		if err := tx.Delete(holds.Name, key); err != nil {
			return err
		}
	}
	return nil
}

// heldOf returns how something is held; nil: it is not.
func heldOf(r position, what string, code identity.Label) *Ending {
	kept, held := holds.Load(r, endingKey(what, code))
	if !held {
		return nil
	}
	e := Ending{Entry: kept.Entry.In(r.Names()), At: time.UnixMilli(int64(kept.At)), Reason: "held until it is published again, because " + kept.Lost + " is lost"}
	e.Lost, _ = identity.ParseEntry(kept.Lost) // it was written as one
	return &e
}

// Offered is DatasetAfter for the provider, who may see to a dataset that is held, too.
func Offered(r *state.Reader, code identity.Label, before Published) (Published, error) {
	p, err := Known(r, code, before)
	if err == nil && p.Withdrawn.Ended() {
		return Published{}, p.Withdrawn.withdrawn(text.DatasetWithdrawn, code, r.Log().Jurisdiction())
	}
	return p, err
}

// RulesHeld returns the entry that keeps everybody from grants by rule of a dataset, and the lost
// one for which it does; None: there is none.
func RulesHeld(r book.Reads, dataset identity.Label) (by ledger.Ref, lost string) {
	kept, _ := holds.Load(r, endingKey(HeldRules, dataset))
	return kept.Entry, kept.Lost
}

// heldCodes are the codes by which what is held is refused.
var heldCodes = map[string]text.Code{HeldDataset: text.DatasetHeld, HeldStandard: text.StandardHeld, HeldRules: text.RulesHeld}

// AllHeld tells a person of all that is held, in the order of what it is and its code.
func AllHeld(r *state.Reader) (all []error) {
	for key, kept := range holds.All(r, nil) {
		what, code, _ := strings.Cut(strings.TrimSuffix(string(key), "\x00"), "\x00")
		if as, known := heldCodes[what]; known {
			args := text.Args{"dataset": code, "jurisdiction": r.Log().Jurisdiction().String(), "entry": kept.Lost}
			if as == text.RulesHeld { // whoever asks is told of itself
				args["give"] = "xietong grant give " + code + " AGENCY@NAME"
			}
			all = append(all, text.Fail(as, args, nil))
		}
	}
	return all
}
