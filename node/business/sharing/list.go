package sharing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/policy"
)

// State is how a grant stands.
type State uint8

// The states, in the order in which they are listed.
const (
	Live State = iota + 1
	Ended
	Revoked
	Replaced // a later grant for the same use counts
	Stopped  // the category of the entry in force lets nobody use it
	Closed   // its dataset was withdrawn, or its consumer ended
)

// StateAt returns how the grant stands at a time, in ms since 1970 UTC, where the entry in force
// offers o.
func (g Grant) StateAt(ms uint64, o policy.Offer) State {
	switch {
	case g.live(ms) && g.Replaced == ledger.None && o.Stops(*g.permission()):
		return Stopped
	case g.Revoked != ledger.None:
		return Revoked
	case g.Replaced != ledger.None:
		return Replaced
	case g.Closed != ledger.None:
		return Closed
	case g.live(ms):
		return Live
	}
	return Ended
}

// Wanted selects grants; a zero member selects all.
type Wanted struct {
	Dataset  identity.Label
	Consumer identity.Agency
	State    State
}

// offersOf keeps what the datasets offer during one reading. A dataset that was withdrawn offers
// nothing, and has its provider still: what ended with it stays in the provider's sight.
func offersOf(r *state.Reader, catalogue Catalogue) func(dataset identity.Label) policy.Offer {
	known := map[identity.Label]policy.Offer{}
	return func(dataset identity.Label) policy.Offer {
		o, ok := known[dataset]
		if !ok {
			var err error
			if o, _, err = catalogue.Offered(r, dataset); err != nil {
				o = policy.Offer{Provider: catalogue.Provider(r, dataset)}
			}
			known[dataset] = o
		}
		return o
	}
}

// Listed is a grant with how it stands.
type Listed struct {
	Grant
	State State
}

// GrantsOf returns the grants that the agency holds or gave, as far as they are wanted: the live
// ones first, and of each state the one that ends soonest, one without an end last. An agency of
// the same code in another jurisdiction is another agency.
func GrantsOf(r *state.Reader, catalogue Catalogue, agency identity.Agency, w Wanted) []Listed {
	return grantsAt(r, catalogue, agency, w, r.Clock())
}

// grantsAt is GrantsOf at a time, in ms since 1970 UTC.
func grantsAt(r *state.Reader, catalogue Catalogue, agency identity.Agency, w Wanted, at uint64) (all []Listed) {
	offer := offersOf(r, catalogue)
	for _, g := range Grants(r) {
		o := offer(g.Dataset)
		one := Listed{g, g.StateAt(at, o)}
		if (g.Consumer == agency || o.Provider == agency) && (w.Dataset.IsZero() || w.Dataset == g.Dataset) &&
			(w.Consumer.IsZero() || w.Consumer == g.Consumer) && (w.State == 0 || w.State == one.State) {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b Listed) int { return bytes.Compare(a.position(), b.position()) })
	return all
}

// Words are what was written about a grant: the application that it answers or, of one by hand, its
// basis and paper.
type Words struct {
	Application
	Paper  string `json:"paper"`
	Renews string `json:"renews"` // the grant that it renewed
	Why    string `json:"-"`      // why it was revoked, which only its provider is told
}

// whyRevoked returns the reason of a revocation, for the provider, whose word it is.
func whyRevoked(l book.Ledger, r *state.Reader, entry uint64) string {
	return book.OpenReason(l, r, entry)
}

// WordsOf opens what was written about a grant. It is empty if the payload was erased, and for an
// endless grant.
func WordsOf(l book.Ledger, r *state.Reader, g Grant) (w Words, err error) {
	if revoked, ok := g.Revoked.Index(); ok {
		w.Why = whyRevoked(l, r, revoked)
	}
	index, filed := g.Application.Index()
	switch {
	case g.ByHand:
		index = g.Index
	case !filed:
		return w, nil
	}
	payload, err := l.Payload(r, index)
	if errors.Is(err, book.ErrErased) {
		return w, nil
	}
	if err != nil {
		return w, err
	}
	if err := json.Unmarshal(payload, &w); err != nil {
		return w, fmt.Errorf("decode words of a grant: %w", err)
	}
	return w, nil
}
