// Package rosters keeps the roster of the tree that a jurisdiction is a part of, as the root of the
// tree published it.
//
// The root publishes a list as an entry of its ledger. It publishes number 1 by itself: the list
// that was brought when the root was made, or else the one that comes with the program, when a
// child has joined; every later number is the act of an agency of the root. The entry holds the
// manifest of the list, and the list is kept beside the ledger, in pieces (see package roster).
//
// The list is handed down every link: a child that presents itself to its parent asks for a later
// roster than its own. It verifies the manifest from the pin of the root, as it does an
// endorsement, asks for the pieces that it lacks, one by one by their hashes, and keeps the
// manifest with its proof and the pieces, to hand them on. So it does not matter which jurisdiction
// brings them. What has come is kept, also where the rest has to wait for the next time. The state
// holds:
//
//	roster        "current" -> [number, index of the entry plus 1 (0: of another ledger), proof (empty at the root), [piece …]]
//	              "before" be64(number) -> the same, of the rosters before it that are kept still
//	              "awaited" -> the same, of the list whose pieces may come, without number and proof
//	roster piece  hash -> the piece
//
// A piece that none of these names is dropped. A roster becomes the current one when all its pieces
// are here. A jurisdiction that was handed no roster has the list of the program, number 0. Since a
// question to many is counted against the asker's roster, the last Kept rosters are kept, as far as
// their pieces have room; and a later one is asked for when a question names it.
//
// A current roster that cannot be read takes nothing with it: the last one before it that can be
// read stands in until the parent brings it again, or a later one. A root, which has nobody to ask,
// is brought it again by whoever publishes the same list once more: then its pieces are stored
// again, and nothing is recorded. Another list follows it by its manifest, because two lists must
// never have one number.
//
// The package makes no connection and holds no key. Package roster decides which lists are valid.
package rosters

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
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
	refreshing host.Lock     // held from reading the state on, so that the later read stands
	storing    chan struct{} // full while pieces are being stored
	reading    chan struct{} // full while a roster before the current one is read
	current    atomic.Pointer[Current]
	recent     atomic.Pointer[roster.Roster] // that Of read last
	none       atomic.Bool                   // the parent has said that it has no later one
	holed      atomic.Bool                   // a piece of the current one was found damaged
	shipped    *roster.Roster                // the list of the program for this tree
}

// Current is the roster, and its entry in the own ledger.
type Current struct {
	*roster.Roster
	Entry identity.Entry // of the own ledger, which published it; zero: another ledger did, or none
	Lost  *Lost          // the one in force, for which this one stands in; nil: this one is
}

// New returns the store of a jurisdiction, with the list of the program until Refresh has read the
// state. above returns the way to the parent; false, or a nil above: there is none. later is called
// when there is a later roster than before, so that the jurisdictions below can be told to ask for
// it.
func New(own Ledger, above func() (door.Asker, bool), later func(ctx context.Context, root identity.Jurisdiction)) *Store {
	s := &Store{own: own, above: above, later: later, shipped: roster.ShippedOf(own.Name()), storing: make(chan struct{}, 1), reading: make(chan struct{}, 1)}
	s.current.Store(&Current{Roster: s.shipped})
	return s
}

// Current returns the roster.
func (s *Store) Current() Current { return *s.current.Load() }

// Awaited reports whether no roster of the tree is here yet, and the parent, which may have one,
// has not said that there is none: then the list of the program stands in for it.
func (s *Store) Awaited() bool {
	if s.above == nil || s.Current().Number() > 0 || s.none.Load() {
		return false
	}
	_, below := s.above()
	return below
}

// Of returns the roster of a number and hash: the current one, or one before it that is kept. It
// asks the parent for one that is later than the current. One before the current is read anew,
// which takes a long list a second and much memory: one at a time is, and whoever waits for the
// same takes it. The error is text.RosterAbsent where the roster is not here.
func (s *Store) Of(ctx context.Context, number uint64, hash [32]byte) (*roster.Roster, error) {
	if err := s.upTo(ctx, number); err != nil {
		return nil, s.absent(number, err)
	}
	if r := s.inMemory(number, hash); r != nil {
		return r, nil
	}
	select {
	case s.reading <- struct{}{}:
		defer func() { <-s.reading }()
	case <-ctx.Done():
		return nil, s.absent(number, ctx.Err())
	}
	if r := s.inMemory(number, hash); r != nil { // whoever read before read this
		return r, nil
	}
	var before *roster.Roster
	err := s.own.View(ctx, func(r *state.Reader) (err error) {
		here, _, err := s.at(r, beforeKey(number))
		before = here.list
		return err
	})
	if err != nil || before == nil || before.Number() != number || before.Hash() != hash {
		return nil, s.absent(number, err)
	}
	s.recent.Store(before)
	return before, nil
}

// inMemory returns the roster of a number and hash if it need not be read.
func (s *Store) inMemory(number uint64, hash [32]byte) *roster.Roster {
	for _, r := range []*roster.Roster{s.Current().Roster, s.shipped, s.recent.Load()} {
		if r != nil && r.Number() == number && r.Hash() == hash {
			return r
		}
	}
	return nil
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
	more, err := s.Upkeep(ctx, way)
	if err == nil && !more {
		s.alarm(number)
	}
	return err
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
	f, err := s.newest(ctx)
	if err != nil {
		return fmt.Errorf("read roster: %w", err)
	}
	for _, err := range f.damaged {
		s.damaged(err)
	}
	s.current.Store(&Current{Roster: f.list, Entry: f.Entry.In(s.own.Names()), Lost: f.lost})
	return nil
}

func (s *Store) damaged(err error) {
	if s.Damaged != nil {
		s.Damaged(err)
	}
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
	f, err := s.newest(ctx)
	switch {
	case err != nil || f.Number <= than:
		return nil, err
	}
	if index, own := f.Entry.Index(); own {
		return s.own.ProveEndorsement(ctx, index)
	}
	return f.Proof, nil
}

// Piece returns a piece of a kept roster, or nil where it is not here. One of the current roster
// that is damaged is cut anew, and Upkeep keeps it again.
func (s *Store) Piece(_ context.Context, hash []byte) (data []byte, err error) {
	err = s.own.Look(func(r *state.Reader) (err error) {
		data, _, err = pieces.Read(r, hash)
		return err
	})
	if sum := sha256.Sum256(data); err == nil && bytes.Equal(sum[:], hash) {
		return data, nil
	}
	again, err := s.cut(hash)
	if err == nil && again != nil {
		s.holed.Store(true)
		s.damaged(fmt.Errorf("piece %x of roster number %d is damaged", hash[:4], s.Current().Number()))
	}
	return again, err
}

// cut returns a piece of the current roster from memory; nil: it has none of the hash.
func (s *Store) cut(hash []byte) ([]byte, error) {
	current := s.Current()
	m, err := current.Manifest()
	if err != nil || current.Number() == 0 || !slices.ContainsFunc(m.Pieces, func(p roster.Piece) bool { return bytes.Equal(p.Hash, hash) }) {
		return nil, err
	}
	return piecesOf(current.Roster)[string(hash)], nil
}
