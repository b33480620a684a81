package sharing

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// Actor is the agency that acts; catalog.Actor is one.
type Actor interface {
	// Provider returns the code of the acting agency if it is the provider of the dataset, and
	// refuses every other actor as text.NotProvider. The zero provider stands for any agency of
	// this jurisdiction.
	Provider(r *state.Reader, dataset, provider identity.Label) (identity.Label, error)
}

// Revoke ends the grant at index grant, as an act of the provider. One that was revoked already
// stays so, and the entry is that of the first time, see Done.Before; but where that was allowed
// since, it is revoked anew, and bars again. The reason has 1 to MaxReasonLen
// bytes. Refusals: text.BadRequest and text.NotText for the reason, text.NotFound for the grant,
// text.NotProvider for another actor, text.GrantReplaced where a later grant for the same use
// stands.
func Revoke(ctx context.Context, l book.Ledger, id identity.Message, by Actor, grant uint64, reason string) (Done, error) {
	g, provider, err := revoking(ctx, l, by, grant, reason)
	if err != nil {
		return Done{}, err
	}
	payload, err := json.Marshal(map[string]string{"grant": g.Name(l.Names()).String(), "reason": reason})
	if err != nil {
		return Done{}, fmt.Errorf("revoke grant: %w", err)
	}
	act, err := l.Act(revocationHead(grant, provider, g.Dataset), jsonType, payload)
	if err != nil {
		return Done{}, fmt.Errorf("revoke grant: %w", err)
	}
	request := book.By(identity.NewAgency(l.Name(), provider), id, payload)
	entry, err := book.Enter(ctx, l, commandRevoke, request, revokeBody{Grant: grant, Agency: provider, Statement: act})
	done := Done{Entry: entry, Endless: g.Endless, Dataset: g.Dataset}
	if err != nil {
		return done, err
	}
	err = l.View(ctx, func(r *state.Reader) error { // it may be the entry that revoked it before
		done.Reason = whyRevoked(l, r, entry.Index())
		return nil
	})
	done.Before = done.Reason != reason
	return done, err
}

// revoking checks the reason of an act about a grant, and returns the grant and the agency that
// acts: which of them is the provider, the command finds out at its own position.
func revoking(ctx context.Context, l book.Ledger, by Actor, grant uint64, reason string) (g Grant, provider identity.Label, err error) {
	if strings.TrimSpace(reason) == "" || len(reason) > MaxReasonLen {
		return g, provider, text.Fail(text.BadRequest, text.Args{"where": "reason", "reason": fmt.Sprintf("1..%d bytes", MaxReasonLen)}, nil)
	}
	if err := text.Recordable("reason", reason); err != nil {
		return g, provider, err
	}
	err = l.View(ctx, func(r *state.Reader) (err error) {
		known := false
		if g, known = grantAt(r, grant); !known {
			return text.Fail(text.NotFound, text.Args{"what": "grant", "where": l.Names().Entry(grant).String()}, nil)
		}
		provider, err = by.Provider(r, g.Dataset, identity.Label{})
		return err
	})
	return g, provider, err
}
