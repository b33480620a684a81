package sharing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// Done is what an act about a grant did.
type Done struct {
	Entry   identity.Entry // zero: nothing was to be done
	Endless bool           // a grant by an adopted standard was given again, and is the entry
	Dataset identity.Label // of the grant
	// Before reports that the grant was revoked before, by the entry, which gives another reason
	// than the one that is given now: nothing was recorded. Reason is that other one; "": it cannot
	// be read.
	Before bool
	Reason string
	// Lifted is a later revocation, of another grant, which an allowance of an endless grant lifted
	// too; zero: there was none.
	Lifted identity.Entry
}

// commandAllow lets a jurisdiction get grants by rule again after a revocation. Its number is that
// of docs/protocol.md.
const commandAllow book.Command[revokeBody, ledger.Ref] = 56

// Allow takes back what a revocation means for later grants, as an act of the provider: the
// jurisdiction of the consumer, and those below it, get grants by rule of the dataset again. The
// grant that was revoked stays revoked. For an endless grant, which nobody applies for, the entry
// is the grant that comes after it. Where nobody is kept from grants by rule any more, nothing is
// entered, and the entry is zero. Refusals: text.BadRequest and text.NotText for the reason,
// text.NotFound for the grant, text.NotRevoked for one that was not revoked, text.NotProvider for
// another actor, text.RevokedSince where a later revocation keeps the jurisdiction from them.
func Allow(ctx context.Context, l book.Ledger, id identity.Message, by Actor, grant uint64, reason string) (Done, error) {
	g, provider, err := revoking(ctx, l, by, grant, reason)
	if err != nil {
		return Done{}, err
	}
	done := Done{Dataset: g.Dataset}
	if done.Lifted, err = g.barredSince(ctx, l); err != nil {
		return Done{}, err
	}
	payload, err := json.Marshal(map[string]string{"grant": g.Name(l.Names()).String(), "allowed": g.user(), "reason": reason})
	if err != nil {
		return Done{}, fmt.Errorf("allow grants by rule: %w", err)
	}
	act, err := l.Act(allowanceHead(grant, provider, g.Dataset), jsonType, payload)
	if err != nil {
		return Done{}, fmt.Errorf("allow grants by rule: %w", err)
	}
	request := book.By(identity.NewAgency(l.Name(), provider), id, payload)
	done.Entry, err = book.Enter(ctx, l, commandAllow, request, revokeBody{Grant: grant, Agency: provider, Statement: act})
	if err != nil || !g.Endless || done.Entry.IsZero() {
		return done, err
	}
	err = l.View(ctx, func(r *state.Reader) error { // an older grant of a standard is allowed, and not given again
		_, done.Endless = grantAt(r, done.Entry.Index())
		return nil
	})
	return done, err
}

// barredSince returns the revocation that keeps the user of a revoked grant from grants by rule,
// where that is a later one, of another grant. It refuses it, unless the grant is an endless one,
// which is given again.
func (g Grant) barredSince(ctx context.Context, l book.Ledger) (later identity.Entry, err error) {
	err = l.View(ctx, func(r *state.Reader) error {
		by, ok := barred.Load(r, book.Joined(g.user(), g.Dataset.String()))
		if !ok || g.Revoked == ledger.None || by == g.Revoked {
			return nil
		}
		later = by.In(l.Names())
		if g.again(r) {
			return nil
		}
		leaf, err := r.ProvenLeaf(later.Index())
		if err != nil {
			return err
		}
		revocation, err := ledger.DecodeLeaf(leaf)
		if err != nil {
			return err
		}
		return text.Fail(text.RevokedSince, text.Args{
			"grant": g.Name(l.Names()).String(), "dataset": g.Dataset.String(), "next": revocation.Head.About.In(l.Names()).String(), "entry": later.String(),
		}, nil)
	})
	return later, err
}

func allowanceHead(grant uint64, agency, dataset identity.Label) ledger.Head {
	return ledger.Head{Kind: ledger.KindRuleAllowed, Agency: agency, Code: dataset, About: ledger.RefTo(grant)}
}

func (h handlers) allow(tx *state.Tx, b revokeBody) (ledger.Ref, error) {
	g, ok := grantAt(tx, b.Grant)
	if !ok {
		return ledger.None, book.Refuse(text.NotFound, "grant", strconv.FormatUint(b.Grant, 10))
	}
	now, _ := h.datasetState(tx, g.Dataset)
	key := book.Joined(g.user(), g.Dataset.String())
	switch {
	case now.Provider != b.Agency:
		return ledger.None, book.Refuse(text.NotProvider, b.Agency.String(), g.Dataset.String(), now.Provider.String())
	case over(tx, identity.NewAgency(tx.Log().Jurisdiction(), b.Agency)):
		return ledger.None, book.Refuse(text.PolicyMoved, g.Dataset.String())
	case g.Revoked == ledger.None:
		return ledger.None, book.Refuse(text.NotRevoked, g.Name(tx.Names()).String(), g.Dataset.String())
	}
	again := g.again(tx)
	switch by, kept := barred.Load(tx, key); {
	case !kept && !again:
		return ledger.None, nil
	case kept && !again && by != g.Revoked: // another one was revoked since it was looked
		return ledger.None, book.Refuse(text.PolicyMoved, g.Dataset.String())
	}
	entry, err := b.Statement.Append(tx, allowanceHead(g.Index, b.Agency, g.Dataset))
	if err == nil && again {
		next := g
		next.Revoked, next.Uses = ledger.None, 0
		err = next.give(tx, entry, whoever)
	}
	return entry, errors.Join(err, tx.Delete(barred.Name, key))
}

// again reports whether an allowance gives the endless grant again: no other came after it, and
// its dataset was not withdrawn since.
func (g Grant) again(r book.Reads) bool {
	return g.Endless && g.Closed == ledger.None && g.newest(r).Index == g.Index
}
