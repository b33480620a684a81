// Package breaks remembers by which key sets a jurisdiction believed others, and judges a break: a
// key set that the parent of its owner endorses, and in which no log key of the one before goes on,
// whether the keys from before signed it or the parent began a new chain. Without this, a parent
// could make keys under its child's name, and everybody who verifies from the pin of the root would
// believe them at once (S05).
//
// A break is believed at once if the recovery key that was remembered stands behind it (see
// trust.OpenRecovery), or if the level above the endorser confirmed that very key set (see
// trust.Confirmation). Otherwise it waits 72 hours from when this verifier itself first saw it, and
// is shown meanwhile. While an objection stands it is not believed at all:
//
//	the recovery key objects     only a confirmation is believed
//	the old log keys object      a confirmation, or the recovery key's word, is believed
//
// since whoever stole log keys could hinder their true owner for ever otherwise. For the same
// reason another recovery key that the log keys name counts only after 72 hours, in which the one
// before does. What is believed meanwhile is nothing new: the old key set, where its endorser still
// says that it stands, and nobody where the endorser says so no more. After a withdrawal, keys that
// were stolen do not come back.
//
// Nothing waits inside the branch of the parent: for the parent itself, and for those below it,
// whose own chains hang from what it says. The whole tree is the branch of the root, so for its
// children that holds for the root alone. And nobody waits who sees a jurisdiction for the first
// time: there is nothing to compare with. Neighbours are judged by the own ledger and the own
// chain, and not here.
//
// The state holds, bounded in each value and in number (see MaxRemembered):
//
//	keys-believed   name -> [first, since, spent, [latest epoch, number, hash, hash of number-1, [["r1", log key] …], recovery key
//	                         that counts, whether it revokes number-1, at, recovery key named since, since], [[number, hash, seen, who objected] …]]
//	keys-confirmed  name -> [number, hash, since, entry], of children of children
//
// with times in ms since 1970 UTC. It is written when something changes, and at first sight. What
// cannot be remembered is not believed, since no break of it would be noticed: where the places are
// full, who comes last in the branch of the tree that holds the most of them is refused.
//
// A chain shows the newest key sets alone. Behind tells which of its levels begin after what is
// remembered, so that the caller can judge them with those between.
//
// The package makes no connection and holds no key. It verifies no chain: trust.Descend did.
package breaks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/exchange/route"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// Store judges for one hosted jurisdiction. Many goroutines may use it.
type Store struct {
	own    book.Ledger
	signer func() trust.Signer
	now    func() time.Time
	logger *slog.Logger
}

// New returns the store of a jurisdiction. signer returns the key that signs for it now.
func New(own book.Ledger, signer func() trust.Signer, now func() time.Time, logger *slog.Logger) *Store {
	return &Store{own: own, signer: signer, now: now, logger: logger}
}

// attempts is how often a judgement is made anew where another came first.
const attempts = 4

// Judge judges the levels of a verified chain, from the root down, and remembers what is new. The
// error is text.KeysChanged or text.KeysObjected for the first level that is not believed, and
// text.Busy for one that cannot be remembered. Whatever it remembers, whoever asked pays for (see
// host.Growth).
func (s *Store) Judge(ctx context.Context, chain []trust.Link) error {
	for range attempts {
		changes, refused, err := s.judge(ctx, chain)
		if err != nil {
			return fmt.Errorf("judge key sets: %w", err)
		}
		done := len(changes) == 0
		if !done {
			if done, err = commandRemember.Do(ctx, s.own, book.Request{}, changes); err != nil {
				return fmt.Errorf("remember key sets: %w", err)
			}
		}
		if done {
			s.tell(changes, refused)
			return refused
		}
	}
	return s.busy(time.Second)
}

// fullFor is when to ask again about a jurisdiction for which there was no room: others come, and
// room for it may not.
const fullFor = time.Hour

func (s *Store) busy(again time.Duration) error {
	return text.Fail(text.Busy, text.Args{"jurisdiction": s.own.Name().String(), "again": fmt.Sprint(again.Seconds())}, nil)
}

// tell logs a key set that was remembered just now and waits: that is the last change then.
func (s *Store) tell(changes []change, refused error) {
	f, broke := errors.AsType[*text.Failure](refused)
	if broke && len(changes) > 0 && f.Args["name"] == changes[len(changes)-1].Of.String() {
		branch := route.Branch(s.own.Name(), changes[len(changes)-1].Of)
		s.logger.Error("keys changed, and wait", "peer", branch.String(), "of", f.Args["name"], "fingerprint", f.Args["fingerprint"],
			"until", f.Args["until"])
	}
}

// judge returns what is to be remembered, and the refusal where a level is not believed. What a
// level that is not believed says of those below it is not looked at.
func (s *Store) judge(ctx context.Context, chain []trust.Link) (changes []change, refused, err error) {
	now := uint64(s.now().UnixMilli())
	err = s.own.View(ctx, func(r *state.Reader) error {
		for _, l := range chain {
			name := l.Newest().Name
			if l.Endorsement == nil || !s.waitsFor(name, chain[0].Newest().Name) {
				continue
			}
			m, _ := memories.Load(r, []byte(name.String()))
			v := m.judge(shownBy(l), now)
			if m.Now.Number == 0 && !hasRoom(r, name) {
				refused = s.busy(fullFor)
				return nil
			}
			if v.changed {
				changes = append(changes, change{Of: name, From: digest(r, name), To: v.next})
			}
			if !v.believes {
				refused = s.refusal(name, *v.waits)
				return nil
			}
		}
		return nil
	})
	return changes, refused, err
}

// MaxBehind is how many key sets a chain may have gone on since it was believed, so that those
// between are asked for: years of `keys revoke` as fast as it goes. What went on for longer is a
// break.
const MaxBehind = 256

// Gap is a level of a chain that begins after the key set by which it was believed last.
type Gap struct {
	Level    int // of the chain, from 0
	Believed trust.Pin
}

// Behind returns the levels of a verified chain that would be a break only because the chain shows
// the key set no more that was believed last.
func (s *Store) Behind(ctx context.Context, chain []trust.Link) (gaps []Gap, err error) {
	err = s.own.View(ctx, func(r *state.Reader) error {
		for i, l := range chain {
			name, first := l.Newest().Name, l.KeySets[0].Number
			if l.Endorsement == nil || first == 1 || !s.waitsFor(name, chain[0].Newest().Name) {
				continue
			}
			m, _ := memories.Load(r, []byte(name.String()))
			if n := m.Now.Number; n == 0 || n >= first || first-n > MaxBehind {
				continue
			}
			pin, err := trust.NewPin(name, m.Now.Number, m.Now.Hash)
			if err != nil {
				return err
			}
			gaps = append(gaps, Gap{i, pin})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look at the key sets that are remembered: %w", err)
	}
	return gaps, nil
}

// shownBy is what a level of a chain shows.
func shownBy(l trust.Link) shown {
	s := shown{recovery: l.Recovery, confirmed: l.Confirmed}
	for _, b := range l.Believed() {
		s.sets = append(s.sets, b.KeySet)
	}
	return s
}

// waitsFor reports whether a break of the jurisdiction, in the tree of the root, waits here.
func (s *Store) waitsFor(name, root identity.Jurisdiction) bool {
	self := s.own.Name()
	parent, _ := name.Parent()
	switch {
	case self.Under(name) || self == parent:
		return false
	case parent == root: // the whole tree is its branch
		return true
	}
	return !self.Under(parent)
}

// refusal says why a key set is not believed.
func (s *Store) refusal(name identity.Jurisdiction, w waiting) error {
	args := text.Args{"name": name.String(), "jurisdiction": s.own.Name().String(), "fingerprint": fingerprint(name, w.Number, w.Hash)}
	if w.Objected != nobody {
		return text.Fail(text.KeysObjected, args, nil)
	}
	args["until"] = time.UnixMilli(int64(w.until())).UTC().Format(time.RFC3339)
	return text.Fail(text.KeysChanged, args, nil)
}

// fingerprint returns the text that people compare; "" of what is no pin.
func fingerprint(name identity.Jurisdiction, number uint64, hash []byte) string {
	pin, err := trust.NewPin(name, number, hash)
	if err != nil {
		return ""
	}
	return pin.Fingerprint()
}

// Waiting is a key set that waits, or that was objected to.
type Waiting struct {
	Pin      trust.Pin
	Believed trust.Pin // the one that was believed last
	Seen     time.Time // first
	Until    time.Time
	Objected bool
	ByPaper  bool // the recovery key objected
}

// Waiting returns the key sets that wait, of one jurisdiction or, with the zero name, of all, in
// the order of their names.
func (s *Store) Waiting(ctx context.Context, of identity.Jurisdiction) (all []Waiting, err error) {
	now := uint64(s.now().UnixMilli())
	var prefix []byte
	if !of.IsZero() {
		prefix = []byte(of.String())
	}
	err = s.own.View(ctx, func(r *state.Reader) error {
		for key, m := range memories.All(r, prefix) {
			name, err := identity.ParseJurisdiction(string(key))
			if err != nil || !of.IsZero() && name != of {
				continue
			}
			for _, w := range m.remembered(now) {
				if one, err := m.shownAs(name, w); err == nil {
					all = append(all, one)
				}
			}
		}
		return nil
	})
	return all, err
}

func (m memory) shownAs(name identity.Jurisdiction, w waiting) (one Waiting, err error) {
	one = Waiting{
		Seen: time.UnixMilli(int64(w.Seen)), Until: time.UnixMilli(int64(w.until())),
		Objected: w.Objected != nobody, ByPaper: w.Objected == recoveryKey,
	}
	if one.Pin, err = trust.NewPin(name, w.Number, w.Hash); err == nil {
		one.Believed, err = trust.NewPin(name, m.Now.Number, m.Now.Hash)
	}
	return one, err
}

// Believed returns the key set by which a jurisdiction was believed last; ok is false where it is
// not remembered here.
func (s *Store) Believed(ctx context.Context, of identity.Jurisdiction) (pin trust.Pin, ok bool, err error) {
	err = s.own.View(ctx, func(r *state.Reader) (err error) {
		var m memory
		if m, ok = memories.Load(r, []byte(of.String())); ok {
			pin, err = trust.NewPin(of, m.Now.Number, m.Now.Hash)
		}
		return err
	})
	return pin, ok, err
}
