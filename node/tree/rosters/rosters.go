// Package rosters keeps the roster of the tree that a jurisdiction is a part of, as the root of the
// tree published it.
//
// The root publishes a list as an entry of its ledger. It publishes number 1 by itself: the list
// that was brought when the root was made, or else the one that comes with the program, when a
// child has joined; every later number is the act of an agency of the root. The list is handed down
// every link: a child that presents itself to its parent asks for a later roster than its own,
// verifies it from the pin of the root, as it does an endorsement, and keeps it with its proof, to
// hand it on. So it does not matter which jurisdiction brings it. The state holds:
//
//	roster   "current" -> [number, index of the entry plus 1 (0: of another ledger), proof (empty at the root)]
//	         "before" be64(number) -> the same, of the rosters before it that are kept still
//
// The list itself is kept once: at the root it is the payload of the entry, elsewhere it is in the
// proof. So the longest list that can be published can be kept everywhere. A jurisdiction that was
// handed no roster has the list of the program, number 0. Since a question to many is counted
// against the asker's roster, the last Kept rosters are kept, and a later one is asked for when a
// question names it.
//
// A current roster that cannot be read takes nothing with it: the last one before it that can be
// read counts until the parent brings it again, or a later one. A root, which has nobody to ask,
// publishes no roster meanwhile, because two lists must never have one number.
//
// The package makes no connection and holds no key. Package roster decides which lists are valid.
package rosters

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/operation"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
)

// Kept is how many rosters are kept, the current one included.
const Kept = 8

// Ledger is the jurisdiction; *host.Host is one.
type Ledger interface {
	book.Ledger
	Chain(ctx context.Context) ([]trust.Level, trust.Pin, error)
	ProveEndorsement(ctx context.Context, index uint64) ([]byte, error)
}

// Store keeps the roster of one hosted jurisdiction. Many goroutines may use it.
type Store struct {
	// Damaged, if not nil, is told by Refresh of each roster that cannot be read.
	Damaged func(error)

	// Withheld, if not nil, is told, once an hour at most, that the parent says it has no later
	// roster, although a question names one, and of the numbers: wanted, and had.
	Withheld func(wanted, had uint64)
	Now      func() time.Time // nil: time.Now

	told       atomic.Int64 // when Withheld was told last, in ms since 1970; 0: never
	own        Ledger
	above      func() (door.Asker, bool)
	later      func(ctx context.Context, root identity.Jurisdiction)
	refreshing sync.Mutex // held from reading the state on, so that the later read stands
	current    atomic.Pointer[Current]
	shipped    *roster.Roster // the list of the program for this tree
}

// Current is the roster, and its entry in the own ledger.
type Current struct {
	*roster.Roster
	Entry identity.Entry // of the own ledger, which published it; zero: another ledger did, or none
}

// New returns the store of a jurisdiction, with the list of the program until Refresh has read the
// state. above returns the way to the parent; false, or a nil above: there is none. later is called
// when there is a later roster than before, so that the jurisdictions below can be told to ask for
// it.
func New(own Ledger, above func() (door.Asker, bool), later func(ctx context.Context, root identity.Jurisdiction)) *Store {
	s := &Store{own: own, above: above, later: later, shipped: roster.ShippedOf(own.Name())}
	s.current.Store(&Current{Roster: s.shipped})
	return s
}

// Current returns the roster.
func (s *Store) Current() Current { return *s.current.Load() }

// Of returns the roster of a number and hash: the current one, or one before it that is kept. It
// asks the parent for one that is later than the current. The error is text.RosterAbsent where the
// roster is not here.
func (s *Store) Of(ctx context.Context, number uint64, hash [32]byte) (*roster.Roster, error) {
	if err := s.upTo(ctx, number); err != nil {
		return nil, s.absent(number, err)
	}
	for _, r := range []*roster.Roster{s.Current().Roster, s.shipped} {
		if r.Number() == number && r.Hash() == hash {
			return r, nil
		}
	}
	var before *roster.Roster
	err := s.own.View(ctx, func(r *state.Reader) (err error) {
		_, before, _, err = s.at(r, beforeKey(number))
		return err
	})
	if err != nil || before == nil || before.Number() != number || before.Hash() != hash {
		return nil, s.absent(number, err)
	}
	return before, nil
}

// upTo asks the parent for a later roster than the current one, if that is before the number.
func (s *Store) upTo(ctx context.Context, number uint64) error {
	if s.above == nil || number <= s.Current().Number() {
		return nil
	}
	way, ok := s.above()
	if !ok {
		return nil
	}
	if err := s.Upkeep(ctx, way); err != nil {
		return err
	}
	s.alarm(number)
	return nil
}

// alarmEvery is how often it is told that the parent hands no later roster down.
const alarmEvery = time.Hour

// alarm tells that the parent did not hand down the roster of a number, where that is so. Whoever
// asks a question may name a number that does not exist: it is a reason to look, and no proof.
func (s *Store) alarm(number uint64) {
	had, last, now := s.Current().Number(), s.told.Load(), s.now()
	if s.Withheld == nil || number <= had || last != 0 && now.Before(time.UnixMilli(last).Add(alarmEvery)) {
		return
	}
	if s.told.CompareAndSwap(last, now.UnixMilli()) {
		s.Withheld(number, had)
	}
}

func (s *Store) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

func (s *Store) absent(number uint64, err error) error {
	return text.Fail(text.RosterAbsent, text.Args{"number": fmt.Sprint(number), "jurisdiction": s.own.Name().String()}, err)
}

// Refresh reads the roster from the state anew: the newest one that can be read.
func (s *Store) Refresh(ctx context.Context) error {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	k, r, damaged, err := s.newest(ctx)
	if err != nil {
		return fmt.Errorf("read roster: %w", err)
	}
	for _, err := range damaged {
		if s.Damaged != nil {
			s.Damaged(err)
		}
	}
	s.current.Store(&Current{Roster: r, Entry: k.Entry.In(s.own.Log())})
	return nil
}

// Upkeep asks the parent for a later roster than the current one. At a root, where way is nil, it
// publishes the first.
func (s *Store) Upkeep(ctx context.Context, way door.Asker) error {
	if way == nil {
		return s.PublishShipped(ctx)
	}
	proof, err := door.AskRoster(ctx, way, s.Current().Number())
	if err != nil || len(proof) == 0 {
		return err
	}
	return s.Take(ctx, proof)
}

// PublishShipped publishes number 1 at a root: the list that comes with the program. It does
// nothing where a roster was published before, or where the program has no list of this tree.
func (s *Store) PublishShipped(ctx context.Context) error {
	if !roster.Ships(s.own.Name()) || s.shipped.Root() != s.own.Name() {
		return nil
	}
	return s.PublishFirst(ctx, s.shipped)
}

// PublishFirst publishes a list of the tree of this root as number 1. It does nothing where a
// roster was published before.
func (s *Store) PublishFirst(ctx context.Context, places *roster.Roster) error {
	if s.Current().Number() > 0 {
		return nil
	}
	first := s.shipped.Next(places)
	list, err := first.Encode()
	if err != nil {
		return err
	}
	note, err := s.own.Note(ledger.RosterType, list)
	if err == nil {
		_, err = s.propose(ctx, book.Request{}, publishBody{Number: 1, Statement: note})
	}
	if err != nil {
		return fmt.Errorf("publish first roster: %w", err)
	}
	return nil
}

// Publish publishes the places of a list as the next number, as an act of an agency of the root,
// and returns the entry. The error is text.RosterNotRoot where this jurisdiction is not the root of
// the list, RosterInvalid for a list that cannot follow the published one, and RosterMoved where
// another number was published meanwhile.
func (s *Store) Publish(ctx context.Context, id identity.Message, by operation.Actor, places *roster.Roster) (identity.Entry, error) {
	_, root, err := s.own.Chain(ctx)
	if err != nil {
		return identity.Entry{}, err
	}
	if root.Name() != s.own.Name() || places.Root() != s.own.Name() {
		return identity.Entry{}, text.Fail(text.RosterNotRoot, text.Args{"jurisdiction": s.own.Name().String(), "root": root.Name().String()}, nil)
	}
	var agency identity.Label
	err = s.own.View(ctx, func(r *state.Reader) error {
		acting, err := by.Resolve(r)
		agency = acting.Code()
		return err
	})
	if err != nil {
		return identity.Entry{}, err
	}
	before := s.Current().Roster
	if err := s.follows(before, places); err != nil {
		return identity.Entry{}, err
	}
	next := before.Next(places)
	list, err := next.Encode()
	if err != nil {
		return identity.Entry{}, err
	}
	act, err := s.own.Act(ledger.Head{Kind: ledger.KindRoster, Agency: agency}, ledger.RosterType, list)
	if err != nil {
		return identity.Entry{}, err
	}
	asked, err := places.Encode() // as it was sent: the number is another when the same is asked again
	if err != nil {
		return identity.Entry{}, err
	}
	return s.propose(ctx, book.By(identity.NewAgency(s.own.Name(), agency), id, asked), publishBody{
		Number: next.Number(), Agency: &agency, Statement: act,
	})
}

// Plan is what publishing a list would do.
type Plan struct {
	roster.Diff
	Number uint64   // that it would get
	Hash   [32]byte // of the list in force and the new one
}

// Plan returns what publishing the places of a list would do. The error is that of Publish.
func (s *Store) Plan(ctx context.Context, places *roster.Roster) (p Plan, err error) {
	_, root, err := s.own.Chain(ctx)
	if err != nil {
		return p, err
	}
	if root.Name() != s.own.Name() || places.Root() != s.own.Name() {
		return p, text.Fail(text.RosterNotRoot, text.Args{"jurisdiction": s.own.Name().String(), "root": root.Name().String()}, nil)
	}
	before := s.Current().Roster
	if err := s.follows(before, places); err != nil {
		return p, err
	}
	old, fresh := before.Hash(), places.Hash()
	p.Diff, p.Number = before.Diff(places), before.Number()+1
	p.Hash = sha256.Sum256(slices.Concat(old[:], fresh[:]))
	return p, nil
}

// follows refuses places that cannot come after a list.
func (s *Store) follows(before, places *roster.Roster) error {
	if was, now, moved := before.Moved(places); moved {
		return text.Fail(text.RosterCodeMoved, text.Args{"code": now.Code, "title": now.DisplayName, "was": was.Name.String(), "now": now.Name.String()}, nil)
	}
	next := before.Next(places)
	_, err := next.Encode()
	if err == nil && before.Number() > 0 {
		err = next.Follows(before)
	}
	if err != nil {
		return text.Fail(text.RosterInvalid, text.Args{"reason": err.Error()}, err)
	}
	return nil
}

func (s *Store) propose(ctx context.Context, q book.Request, b publishBody) (identity.Entry, error) {
	entry, err := book.Enter(ctx, s.own, commandPublish, q, b)
	if err != nil {
		return identity.Entry{}, err
	}
	return entry, s.changed(ctx)
}

// changed reads the state, which holds a later roster now, and calls later.
func (s *Store) changed(ctx context.Context) error {
	if err := s.Refresh(ctx); err != nil {
		return err
	}
	s.later(ctx, s.Current().Root())
	return nil
}

// Proof returns the proof of the newest roster that can be read, where it is later than the number;
// else nil.
func (s *Store) Proof(ctx context.Context, than uint64) ([]byte, error) {
	k, _, _, err := s.newest(ctx)
	switch {
	case err != nil || k.Number <= than:
		return nil, err
	}
	if index, own := k.Entry.Index(); own {
		return s.own.ProveEndorsement(ctx, index)
	}
	return k.Proof, nil
}

// Take keeps a roster that another jurisdiction handed down. The roster must be proven from the
// root of the tree, and follow the current one if it is the next number. Take does nothing where
// the roster is not later than the current one.
func (s *Store) Take(ctx context.Context, proof []byte) error {
	levels, pin, err := s.own.Chain(ctx)
	if err != nil {
		return err
	}
	chain, err := trust.Descend(pin, levels, ledger.VerifyEndorsement)
	if err != nil {
		return fmt.Errorf("take roster: %w", err)
	}
	list, err := ledger.VerifyRoster(chain[0].KeySets, proof)
	if err != nil {
		return fmt.Errorf("take roster: %w", err)
	}
	r, err := roster.Decode(list)
	if err != nil {
		return fmt.Errorf("take roster: %w", err)
	}
	have := s.Current()
	switch {
	case r.Root() != pin.Name():
		return fmt.Errorf("take roster: %w: of %s, in the tree of %s", roster.ErrInvalid, r.Root(), pin.Name())
	case r.Number() <= have.Number():
		return nil
	case have.Number() > 0 && r.Number() == have.Number()+1:
		if err := r.Follows(have.Roster); err != nil {
			return fmt.Errorf("take roster: %w", err)
		}
	}
	_, err = commandKeep.Do(ctx, s.own, book.Request{}, keepBody{Number: r.Number(), Proof: proof})
	if err != nil {
		return fmt.Errorf("take roster: %w", err)
	}
	return s.changed(ctx)
}
