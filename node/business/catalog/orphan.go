package catalog

import (
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/text"
)

// orphan refuses an entry of a dataset whose provider ended without a successor, after the dataset
// was withdrawn, as text.ProviderEnded: the agency that publishes must be handed it first. nil: the
// provider is there, or nobody else publishes.
func orphan(r *state.Reader, by Actor, e Entry, provider identity.Label) error {
	kept, ok := agencyAt(r, provider)
	if !ok || HasAgency(r, provider) {
		return nil
	}
	next := e.Agency
	if next.IsZero() || next == provider {
		acting, err := by.Resolve(r)
		if err != nil {
			return nil // who acts is told by whoever resolves it
		}
		next = acting.Code()
	}
	return text.Fail(text.ProviderEnded, text.Args{
		"dataset": e.Code.String(), "provider": provider.String(), "title": kept.Title, "agency": next.String(),
	}, nil)
}
