package sharing

import (
	"encoding/hex"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func label(s string) identity.Label { return must(identity.ParseLabel(s)) }

func agency(place, code string) identity.Agency {
	return identity.NewAgency(must(identity.ParseJurisdiction(place)), label(code))
}

var (
	villages, statistics = label("villages"), label("statistics")

	civil     = agency("nanming.guiyang.guizhou", "civil-affairs") // the provider
	water     = agency("nanming.guiyang.guizhou", "water")
	namesake  = agency("guiyang.guizhou", "civil-affairs")
	province  = agency("guizhou", "statistics")
	neighbour = agency("yunyan.guiyang.guizhou", "water")

	applied = Application{Basis: "b", Scenario: "s", Scope: "s", Method: "m", Until: "2027-11-24T09:00:00Z"}
)

// actor is an agency that acts.
type actor identity.Agency

func (a actor) Provider(r *state.Reader, _, _ identity.Label) (identity.Label, error) {
	agency := identity.Agency(a)
	if agency.Jurisdiction() != r.Log().Jurisdiction() {
		return agency.Code(), text.Fail(text.NotProvider, text.Args{}, nil)
	}
	return agency.Code(), nil
}

// room is a ledger in memory with the commands of this room. The test sets the state of its one
// dataset.
type room struct {
	*booktest.Ledger
	now       DatasetState
	none      bool   // there is no dataset
	removed   string // the key of the record that was removed last; "": none
	at        uint64 // the position at which it was
	withdrawn identity.Jurisdiction
}

// Commands of the tests: one gives endless grants without an adoption, the other erases a payload.
const (
	commandStand book.Command[Endless, book.Nothing] = 2001
	commandErase book.Command[uint64, book.Nothing]  = 2002
)

func open(t *testing.T) *room {
	t.Helper()
	r, registry := &room{}, state.NewRegistry()
	r.now = DatasetState{Provider: civil.Code(), Version: 1, Removed: func(key []byte, after uint64) bool {
		return r.removed != "" && string(key) == string(probe(r.removed)) && r.at > after
	}}
	Register(registry, func(_ book.Reads, code identity.Label) (DatasetState, bool) {
		return r.now, !r.none && code == villages
	}, func(_ book.Reads, _, of identity.Jurisdiction) bool { return of == r.withdrawn })
	commandStand.Handle(registry, func(tx *state.Tx, s Endless) (done book.Nothing, err error) {
		if err := s.Check(); err != nil {
			return done, err
		}
		return done, s.Give(tx, ledger.None)
	})
	commandErase.Handle(registry, func(tx *state.Tx, index uint64) (done book.Nothing, err error) {
		return done, booktest.Erase(tx, index)
	})
	r.Ledger = booktest.New(t, civil.Jurisdiction().String(), registry)
	r.later(t, 0)
	return r
}

func newID() identity.Message { return must(identity.NewMessage()) }

// request asks for all records of the dataset.
func request(consumer identity.Agency) Request {
	q := Request{
		Consumer: consumer, Dataset: villages, Version: 1, Purpose: "statistics", Fields: []string{"code"}, Application: applied,
		Offer: policy.Offer{
			Provider: civil, Category: policy.Unconditional, Purposes: []string{"statistics", "residence-check"},
			Fields: []string{"code", "income", "name"},
		},
	}
	if consumer.Jurisdiction() != civil.Jurisdiction() {
		q.Evidence = []byte("signed there")
	}
	return q
}

// decide decides about a request.
func (r *room) decide(t *testing.T, q Request) (p Permit, apply bool, err error) {
	t.Helper()
	err = r.View(t.Context(), func(reader *state.Reader) (err error) {
		p, apply, err = Decide(reader, q)
		return err
	})
	return p, apply, err
}

// permitted decides about a request, and files an application where one is needed.
func (r *room) permitted(t *testing.T, q Request) Permit {
	t.Helper()
	p, err := PermitUse(t.Context(), r, q)
	if err != nil {
		t.Fatalf("permit %s: %v", q.Consumer, err)
	}
	return p
}

// record records a use on a permit.
func (r *room) record(t *testing.T, p Permit) (identity.Entry, error) {
	t.Helper()
	return RecordUse(t.Context(), r, newID(), p, Access{Operation: "lookup", AsOf: r.at, Answered: [][]byte{probe("a")}})
}

// revoke ends the grant of a permit.
func (r *room) revoke(t *testing.T, p Permit) identity.Entry {
	t.Helper()
	index, _ := p.Grant.Index()
	done, err := Revoke(t.Context(), r, newID(), actor(civil), index, "the reason")
	if err != nil {
		t.Fatalf("revoke: %v", err)
	}
	return done.Entry
}

func (r *room) grants(t *testing.T) (all []Grant) {
	t.Helper()
	r.reading(t, func(reader *state.Reader) { all = Grants(reader) })
	return all
}

func (r *room) reading(t *testing.T, f func(*state.Reader)) {
	t.Helper()
	if err := r.View(t.Context(), func(reader *state.Reader) error { f(reader); return nil }); err != nil {
		t.Fatal(err)
	}
}

func (r *room) size(t *testing.T) int { return len(r.Heads(t, 0)) }

// refused checks that act is refused with the code and writes nothing, and returns the values of
// the refusal.
func (r *room) refused(t *testing.T, what string, want text.Code, act func() error) text.Args {
	t.Helper()
	before := r.size(t)
	err := act()
	if !failure.Is(err, want) {
		t.Errorf("%s: got %v, want %s", what, err, want)
		return nil
	}
	if after := r.size(t); after != before {
		t.Errorf("%s: what was refused left %d entries", what, after-before)
	}
	return failure.Of(err).Args
}

// later moves the clock, and ledger time with it.
func (r *room) later(t *testing.T, d time.Duration) {
	t.Helper()
	r.Clock = r.Clock.Add(d)
	if _, err := commandErase.Do(t.Context(), r, book.Request{}, 1<<40); err != nil {
		t.Fatal(err)
	}
}

// probe stands for a key that is verified.
func probe(key string) []byte { return []byte(hex.EncodeToString([]byte(key))) }
