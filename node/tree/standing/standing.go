// Package standing answers every question about where a hosted jurisdiction stands: the names of
// places, the jurisdictions above and below it, the keys that are believed, and the jurisdiction
// that a person means by a typed text.
//
// A place has the name that the roster now in force gives it, everywhere and at all times. A place
// that the roster does not list has the name that its parent gives it, or, where it is this
// jurisdiction, the configuration; otherwise its jurisdiction name stands for it. A view of the
// past keeps the name of then, which stands in the entry, and says the name of now beside it where
// the two differ.
//
// The package brings together the knowledge of the rooms of the tree, and decides nothing by
// itself.
package standing

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/exchange/route"
	"xietong/node/ground/book"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/tree/chains"
	"xietong/node/tree/neighbours"
	"xietong/node/tree/rosters"
)

// Ledger is the hosted jurisdiction; *host.Host is one.
type Ledger interface {
	book.Ledger
	// Chain returns the levels from the root of the tree down to this jurisdiction, and the root's
	// pin.
	Chain(ctx context.Context) (levels []trust.Level, root trust.Pin, err error)
}

// Standing answers for one hosted jurisdiction. Many goroutines may use it.
type Standing struct {
	own     Ledger
	config  roster.Place // as configured; used where the roster does not list it
	table   *neighbours.Table
	chains  *chains.Store
	rosters *rosters.Store
	heard   func(peer identity.Jurisdiction) time.Time
	zone    *time.Location
}

// New returns the standing of the jurisdiction. config describes it where the roster does not list
// it, and its times are told in the zone. heard returns when a neighbour was last heard; zero: not
// known.
func New(own Ledger, config roster.Place, in *time.Location, t *neighbours.Table, c *chains.Store, p *rosters.Store, heard func(peer identity.Jurisdiction) time.Time) *Standing {
	return &Standing{own: own, config: config, zone: in, table: t, chains: c, rosters: p, heard: heard}
}

// Zone returns the zone of the times that people here are told, and of the days that they type.
func (s *Standing) Zone() *time.Location { return s.zone }

// Name returns the jurisdiction.
func (s *Standing) Name() identity.Jurisdiction { return s.own.Name() }

// Parent returns the parent's name; ok is false at a root.
func (s *Standing) Parent() (name identity.Jurisdiction, ok bool) { return s.table.Parent() }

// IsChild reports whether the jurisdiction is a child whose endorsement is in force.
func (s *Standing) IsChild(name identity.Jurisdiction) bool { return s.table.IsChild(name) }

// Children returns the children that are endorsed now, in the order of their names.
func (s *Standing) Children() (all []identity.Jurisdiction) {
	all = s.table.ChildrenNow()
	slices.SortFunc(all, func(a, b identity.Jurisdiction) int { return cmp.Compare(a.String(), b.String()) })
	return all
}

// Gone returns the children that were invited once and are not endorsed now, in the order of their
// names.
func (s *Standing) Gone() []identity.Jurisdiction {
	all := s.table.Gone()
	slices.SortFunc(all, func(a, b identity.Jurisdiction) int { return cmp.Compare(a.String(), b.String()) })
	return all
}

// Absent returns why a direct child is not endorsed now, as others are told it.
func (s *Standing) Absent(child identity.Jurisdiction) error { return s.table.Absent(child) }

// Neighbour is a neighbour as it is believed.
type Neighbour struct {
	neighbours.Neighbour
	Live bool // its endorsement is in force
}

// Neighbour returns a neighbour, also where its endorsement has ended: it serves to tell people.
func (s *Standing) Neighbour(name identity.Jurisdiction) (Neighbour, bool) {
	n, known := s.table.Known(name)
	return Neighbour{n, s.table.IsNeighbour(name)}, known
}

// Alarmed returns the last alarm about a neighbour; false: there is none.
func (s *Standing) Alarmed(name identity.Jurisdiction) (neighbours.Alarm, bool) {
	return s.table.Alarmed(name)
}

// Acknowledge ends the alarms about the neighbours, which a person has looked at, and returns how
// many there were. What goes on is an alarm again.
func (s *Standing) Acknowledge() int { return s.table.AllOver() }

// LastHeard returns when a neighbour was last heard; zero: not known.
func (s *Standing) LastHeard(name identity.Jurisdiction) time.Time { return s.heard(name) }

// Chain verifies the levels from the root of the tree down to the jurisdiction.
func (s *Standing) Chain(ctx context.Context) ([]trust.Link, error) {
	levels, root, err := s.own.Chain(ctx)
	if err != nil {
		return nil, err
	}
	return trust.Descend(root, levels, ledger.VerifyEndorsement)
}

// Kept returns the key sets of a jurisdiction that are known without asking anybody.
func (s *Standing) Kept(of identity.Jurisdiction) []trust.Believed { return s.chains.Kept(of) }

// KeySets returns the key sets by which signatures of any jurisdiction are believed, with the time
// for which each counts; with anew, they are asked for again (see chains). Where they cannot be
// had, the error is a *relay.Problem of the hop at which the way ends.
func (s *Standing) KeySets(ctx context.Context, of identity.Jurisdiction, anew bool) ([]trust.Believed, error) {
	sets, err := s.chains.KeySets(ctx, of, anew)
	return sets, s.told(of, err)
}

// Belief returns the key set that is believed for any jurisdiction now. The error is that of
// KeySets.
func (s *Standing) Belief(ctx context.Context, of identity.Jurisdiction) (chains.Belief, error) {
	b, err := s.chains.Belief(ctx, of)
	return b, s.told(of, err)
}

// told returns the error of chains about a jurisdiction as other jurisdictions are told it. What a
// neighbour refused with is the word of that neighbour, whomever it names.
func (s *Standing) told(of identity.Jurisdiction, err error) error {
	f, told := errors.AsType[*text.Failure](err)
	if !told {
		return err
	}
	at := s.Name()
	if heard, refused := errors.AsType[*chains.Told](err); refused {
		at = heard.By
	} else if path := route.Path(at, of); len(path) > 0 && f.Code != text.AnswerRefused {
		named := slices.IndexFunc(path, func(j identity.Jurisdiction) bool { return j.String() == f.Args["jurisdiction"] })
		at = path[max(named-1, 0)]
		if named >= 0 && named+1 < len(path) && path[named+1].String() == f.Args["by"] {
			at = path[named] // the one above it cut it off, and it says so itself
		}
		if p := (&relay.Problem{At: at, Code: text.Number(f.Code), Args: text.Values(f.Code, f.Args)}); named < 0 && !p.Hearsay() {
			at = path[min(1, len(path)-1)] // it is not on the way: whoever answers first says so, and not this jurisdiction
		}
	}
	return &relay.Problem{At: at, Code: text.Number(f.Code), Args: text.Values(f.Code, f.Args), Err: err}
}

// StatusAsOf returns of when the endorsers' word on a jurisdiction is, where that is more than
// chains.MaxAge ago; else, and of this jurisdiction itself, zero.
func (s *Standing) StatusAsOf(of identity.Jurisdiction) (asOf time.Time) {
	if of == s.Name() {
		return asOf
	}
	return s.chains.StatusAsOf(of)
}

// Current returns the roster now in force.
func (s *Standing) Current() rosters.Current { return s.rosters.Current() }

// Roster returns the list against which coverage is counted.
func (s *Standing) Roster() gather.Roster { return countedBy(s.Current().Roster) }

// RosterOf returns the roster of a number and hash, as the asker of a question names it (see
// rosters.Store.Of).
func (s *Standing) RosterOf(ctx context.Context, number uint64, hash [32]byte) (gather.Roster, error) {
	of, err := s.rosters.Of(ctx, number, hash)
	if err != nil {
		return gather.Roster{}, err
	}
	return countedBy(of), nil
}

func countedBy(r *roster.Roster) gather.Roster {
	return gather.Roster{Number: r.Number(), Hash: r.Hash(), Places: counted{r}}
}

// counted is a roster as coverage is counted against it; it is a view, and holds no copy.
type counted struct{ *roster.Roster }

// At implements gather.Places.
func (c counted) At(name identity.Jurisdiction) (gather.Place, bool) {
	p, listed := c.Of(name)
	return gather.Place{Name: p.Name, Level: p.Level}, listed
}

// Under implements gather.Places.
func (c counted) Under(name identity.Jurisdiction) iter.Seq[gather.Place] {
	return func(yield func(gather.Place) bool) {
		for p := range c.Roster.Under(name) {
			if !yield(gather.Place{Name: p.Name, Level: p.Level}) {
				return
			}
		}
	}
}
