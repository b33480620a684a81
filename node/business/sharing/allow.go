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
	// Bars are, of an allowance, the revocations that keep the consumer's jurisdiction from grants
	// by rule still, at most MostBars of them; BarsOf is how many there are.
	Bars   []Bar
	BarsOf uint64
}

// MostBars bounds how many revocations are told that bar still.
const MostBars = 8

// Bar is a revocation that keeps somebody from grants by rule, with the grant that it is of.
type Bar struct {
	Grant    identity.Entry
	By       identity.Entry
	Consumer identity.Agency
	Purpose  identity.Label
}

// commandAllow takes back what one revocation means for later grants by rule. Its number is that of
// docs/protocol.md.
const commandAllow book.Command[revokeBody, ledger.Ref] = 56

// Allow takes back what the revocation of a grant means for later grants, as an act of the
// provider: it keeps the jurisdiction of the consumer, and those below it, from grants by rule of
// the dataset no more. Other revocations do so still, and are told. The grant that was revoked
// stays revoked. For an endless grant, which nobody applies for, the entry is the grant that comes
// after it. Where the revocation keeps nobody from grants by rule any more, nothing is entered, and
// the entry is zero. Refusals: text.BadRequest and text.NotText for the reason, text.NotFound for
// the grant, text.NotRevoked for one that was not revoked, text.NotProvider for another actor.
func Allow(ctx context.Context, l book.Ledger, id identity.Message, by Actor, grant uint64, reason string) (Done, error) {
	g, provider, err := revoking(ctx, l, by, grant, reason)
	if err != nil {
		return Done{}, err
	}
	done := Done{Dataset: g.Dataset}
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
	if err != nil {
		return done, err
	}
	return done, l.View(ctx, func(r *state.Reader) error {
		if g.Endless && !done.Entry.IsZero() { // an older grant of a standard is allowed, and not given again
			_, done.Endless = grantAt(r, done.Entry.Index())
		}
		done.Bars, done.BarsOf = g.barredStill(r)
		return nil
	})
}

// barredStill returns the revocations that keep the jurisdiction of the grant's consumer from
// grants by rule, and how many there are; of an endless grant, those that keep all above from them.
func (g Grant) barredStill(r *state.Reader) (told []Bar, all uint64) {
	users := []string{whoever}
	if !g.Endless {
		users = barredAs(r.Log().Jurisdiction(), g.Consumer.Jurisdiction())
	}
	for bar := range barsUnder(r, users, g.Dataset) {
		if all++; all > MostBars {
			continue
		}
		index, _ := bar.grant.Index()
		of, _ := grantAt(r, index)
		told = append(told, Bar{bar.grant.In(r.Names()), bar.by.In(r.Names()), of.Consumer, of.Purpose})
	}
	return told, all
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
	switch {
	case now.Provider != b.Agency:
		return ledger.None, book.Refuse(text.NotProvider, b.Agency.String(), g.Dataset.String(), now.Provider.String())
	case over(tx, identity.NewAgency(tx.Log().Jurisdiction(), b.Agency)):
		return ledger.None, book.Refuse(text.PolicyMoved, g.Dataset.String())
	case g.Revoked == ledger.None:
		return ledger.None, book.Refuse(text.NotRevoked, g.Name(tx.Names()).String(), g.Dataset.String())
	}
	again := g.again(tx)
	if !again && !g.Bars(tx) {
		return ledger.None, nil
	}
	entry, err := b.Statement.Append(tx, allowanceHead(g.Index, b.Agency, g.Dataset))
	if err == nil && again {
		next := g
		next.Revoked, next.Uses = ledger.None, 0
		err = next.give(tx, entry, whoever)
	}
	return entry, errors.Join(err, tx.Delete(barred.Name, g.barKey()))
}

// again reports whether an allowance gives the endless grant again: no other came after it, and
// its dataset was not withdrawn since.
func (g Grant) again(r book.Reads) bool {
	return g.Endless && g.Closed == ledger.None && g.newest(r).Index == g.Index
}
