package tree

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/text"
)

// saidAgain is how long a signed standing is said again, while nothing changes for the child: so an
// endorser signs at most one a second for each child, and one for each change.
const saidAgain = time.Second

// Endorsing is the jurisdiction that endorses; *host.Host is one.
type Endorsing interface {
	Name() identity.Jurisdiction
	View(ctx context.Context, f func(*state.Reader) error) error
	ProveEndorsement(ctx context.Context, index uint64) ([]byte, error)
	Signer() *authority.Signer
}

// Endorser says what a jurisdiction says of its children now. Many goroutines may use it.
type Endorser struct {
	own Endorsing
	now func() time.Time

	mu   sync.Mutex
	said map[identity.Label]said // of children that were endorsed once
}

// said is the standing that was signed last of a child.
type said struct {
	standing trust.Standing
	signed   []byte
	by       *authority.Signer
}

// Said is what the endorser says of one child.
type Said struct {
	Child    Child
	Level    trust.Level // the key sets of the child
	Proof    []byte      // of its newest endorsement
	Standing []byte      // signed
}

// NewEndorser returns the endorser of a jurisdiction.
func NewEndorser(own Endorsing, now func() time.Time) *Endorser {
	return &Endorser{own: own, now: now, said: map[identity.Label]said{}}
}

// Say returns what is said of a child now: its endorsement with the proof, and the standing, also
// where the endorsement was withdrawn. The standing rests on a read that began after its time and
// that a majority confirmed, so nothing that was acknowledged before that time is missing from it.
// The error is text.NotEndorsed for a child that was never endorsed or is held, or whose record is
// damaged.
func (e *Endorser) Say(ctx context.Context, child identity.Label) (s Said, err error) {
	at := e.now()
	var size uint64
	err = e.own.View(ctx, func(r *state.Reader) (err error) {
		if s.Child, err = e.child(r, child); err != nil {
			return err
		}
		size = r.Size()
		s.Level, err = s.Child.Level(r)
		return err
	})
	if err == nil {
		index, _ := s.Child.Endorsement.Index()
		s.Proof, err = e.own.ProveEndorsement(ctx, index)
	}
	var standing trust.Standing
	if err == nil {
		standing, err = standingOf(s, size, at)
	}
	if err == nil {
		s.Standing, err = e.sign(standing)
	}
	if err != nil {
		return Said{}, fmt.Errorf("say the standing of %s: %w", child, err)
	}
	return s, nil
}

// Sets returns the key sets of a child from a number on, as they were signed: as many as are handed
// on at once, and none where it has not so many. The error is text.NotEndorsed as of Say.
func (e *Endorser) Sets(ctx context.Context, child identity.Label, from uint64) (signed [][]byte, err error) {
	err = e.own.View(ctx, func(r *state.Reader) error {
		c, err := e.child(r, child)
		for number := max(from, 1); err == nil && number <= c.Number && len(signed) < trust.MaxHanded; number++ {
			var s keptSet
			s, err = c.set(r, number)
			signed = append(signed, s.Signed)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the key sets of %s: %w", child, err)
	}
	return signed[:trust.Some(signed)], nil
}

// child returns a child that was endorsed, and is not held.
func (e *Endorser) child(r *state.Reader, label identity.Label) (c Child, err error) {
	c, _ = ChildOf(r, label)
	if _, held := HeldOf(r, label); held && c.Withdrawn == ledger.None || c.Damaged || c.Endorsement == ledger.None {
		err = text.Fail(text.NotEndorsed, text.Args{"name": label.String(), "jurisdiction": e.own.Name().String()}, nil)
	}
	return c, err
}

// standingOf returns the standing of a child, as of the given time. It is never older than the
// endorsement, also where the clock was set back a little since.
func standingOf(s Said, size uint64, at time.Time) (trust.Standing, error) {
	issued := s.Child.NotAfter - uint64(trust.EndorsementTerm.Milliseconds())
	standing := trust.Standing{Child: s.Child.Place.Name, Size: size, Time: max(uint64(at.UnixMilli()), issued)}
	if index, withdrawn := s.Child.Withdrawn.Index(); withdrawn {
		standing.Entry = index
		return standing, nil
	}
	standing.Entry, _ = s.Child.Endorsement.Index()
	payload, err := ledger.PayloadIn(s.Proof)
	hash := sha256.Sum256(payload)
	standing.Hash = hash[:]
	return standing, err
}

// sign signs a standing, unless the same was signed a moment before by the keys that are in use
// now: what others signed may count no more.
func (e *Endorser) sign(s trust.Standing) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	label, by := s.Child.Label(), e.own.Signer()
	if last, ok := e.said[label]; ok && last.by == by && last.standing.Entry == s.Entry && s.At().Sub(last.standing.At()).Abs() < saidAgain {
		return last.signed, nil
	}
	signed, err := s.Sign(by)
	if err == nil {
		e.said[label] = said{s, signed, by}
	}
	return signed, err
}
