package tree

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"slices"
	"strconv"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// RenewEvery is the age at which an endorsement is renewed.
const RenewEvery = 24 * time.Hour

// due reports whether the child's endorsement is at least RenewEvery old, or begins later than
// others take it: it was made while the clock was ahead.
func (c Child) due(now time.Time) bool {
	left := int64(c.NotAfter) - now.UnixMilli()
	return left <= (trust.EndorsementTerm-RenewEvery).Milliseconds() || left > (trust.EndorsementTerm+MaxSkew).Milliseconds()
}

const presentContext = "xietong/1 present\n"

// Presentation is what an endorsed child shows to its parent: the key sets that came after one that
// the parent knows.
type Presentation struct {
	_          struct{} `cbor:",toarray"`
	Child      identity.Jurisdiction
	After      uint64   // number of the key set that the parent endorsed, as far as the child knows
	Hash       []byte   // of that key set
	KeySets    [][]byte // signed, from the next number on: at most trust.MaxHanded
	Replica    identity.Replica
	Possession []byte // signature of PresentInput by the replica's log key; empty over the child's own link
}

// PresentInput returns the bytes that the log key of the child's replica signs to prove, where
// there is no link, that it is the child that presents its key sets: the connection, by 32 bytes
// that both ends derive from its TLS session, and the hash of the key set that the others come
// after.
func PresentInput(binding [32]byte, hash []byte) []byte {
	return slices.Concat([]byte(presentContext), binding[:], hash)
}

// Proof says how a presentation proves that it is the child's.
type Proof struct {
	// Possession reports whether the child holds the log key that is given. nil: the presentation
	// came over the child's own link, which proves as much.
	Possession func(log ed25519.PublicKey) bool
	// Spend takes from the budget of the child that has proven itself; its error is the answer.
	// nil: nothing is metered.
	Spend func() error
}

// Present takes the key sets that an endorsed child has now, and returns the entry of the
// endorsement that is in force; fresh says that it is new. It makes a new endorsement where the
// child brought a later key set, or where the endorsement is RenewEvery old or of a time to come. A
// child that does not come is not endorsed anew: no parent vouches for long for a child that it
// does not hear of, and whoever shows its key sets, which are public, is not heard as the child.
//
// What is cheap comes first: (1) number and hash are compared with what is kept, (2) possession is
// proven, by one signature, (3) the budget of the child is spent, and only then (4) a key set that
// the child brought is read.
//
// Of a child that is held, the key set that it is held for must be among those that it brought.
//
// The error is text.EndorsementUnknown for a child that was never endorsed in this ledger,
// EndorsementWithdrawn for one that was, and NotPossessed where nothing is proven. It is
// KeySetsForked for other key sets than the endorsed ones and, after the proof, KeysSuperseded for
// those of a chain before the endorsed one (an old machine), KeySetOld where the endorsed one is
// not among what the child has, KeySetsWanted where the parent needs earlier ones, and
// KeySetsTooMany for more than MostADay. ChildHeld is the error for one that is held, and shows
// fewer or more than lead to that key set.
func Present(ctx context.Context, l book.Ledger, p Presentation, proof Proof, now time.Time) (entry identity.Entry, fresh bool, err error) {
	for again := range 2 {
		entry, fresh, err = present(ctx, l, p, proof, now)
		if r, ok := errors.AsType[*state.Refusal](err); !ok || text.ByNumber(uint16(r.Code)) != text.KeySetsForked || again > 0 {
			break
		}
		proof.Spend = nil // another presentation was faster: see what it brought
	}
	return entry, fresh, err
}

func present(ctx context.Context, l book.Ledger, p Presentation, proof Proof, now time.Time) (identity.Entry, bool, error) {
	var k known
	err := l.View(ctx, func(r *state.Reader) (err error) {
		k, err = knownOf(r, p)
		return err
	})
	if err == nil && k.old {
		err = k.replaced(p, proof)
	}
	if err != nil {
		return identity.Entry{}, false, err
	}
	if err := k.proven(p, proof); err != nil {
		return identity.Entry{}, false, err
	}
	if proof.Spend != nil {
		if err := proof.Spend(); err != nil {
			return identity.Entry{}, false, err
		}
	}
	fresh, err := k.fresh(p)
	if err == nil {
		err = k.met(p)
	}
	if err != nil {
		return identity.Entry{}, false, err
	}
	if len(fresh) == 0 && !k.child.due(now) {
		return k.child.Endorsement.In(l.Names()), false, nil
	}
	sets, err := trust.Extend(k.endorsed, fresh)
	if err != nil {
		return identity.Entry{}, false, text.Fail(text.NotPossessed, text.Args{"name": p.Child.String()}, err)
	}
	entry, err := endorse(ctx, l, step{child: k.child, first: k.child.Endorsed, signed: fresh, sets: sets}, now)
	return entry, true, err
}

// known is what the parent knows of a child that presents itself.
type known struct {
	in       string
	child    Child
	after    keptSet      // the key set that the presentation names
	shown    [][]byte     // the key sets between that and the endorsed one, as the child brought them before
	next     []byte       // the key set that follows those that the child brought, if one does
	endorsed trust.KeySet // the endorsed one, read by after only
	old      bool         // after is of a chain before the endorsed one
	held     Held         // what the child is held for
	isHeld   bool         // it is
}

// knownOf reads what is known of the child, and compares the number and the hash that it names.
func knownOf(r *state.Reader, p Presentation) (k known, err error) {
	in := r.Log().Jurisdiction()
	k.in = in.String()
	above, _ := p.Child.Parent()
	var invited bool
	if above == in {
		k.child, invited = ChildOf(r, p.Child.Label())
	}
	switch {
	case k.child.Damaged:
		return k, text.Fail(text.ChildDamaged, text.Args{"name": p.Child.String(), "jurisdiction": k.in}, nil)
	case !invited || k.child.Endorsement == ledger.None:
		return k, text.Fail(text.EndorsementUnknown, text.Args{"name": p.Child.String(), "jurisdiction": k.in}, nil)
	case !k.child.Joined():
		entry := k.child.Withdrawn.In(r.Names()).String()
		return k, text.Fail(text.EndorsementWithdrawn, text.Args{"name": p.Child.String(), "jurisdiction": k.in, "entry": entry}, nil)
	case len(p.KeySets) > trust.MaxHanded:
		return k, text.Fail(text.BadRequest, text.Args{"where": "xietong-join/1", "reason": strconv.Itoa(len(p.KeySets))}, nil)
	}
	if k.after, k.old = k.child.superseded(r, p); k.old {
		return k, nil
	}
	k.held, k.isHeld = HeldOf(r, p.Child.Label())
	if p.After == 0 || p.After > k.child.Number {
		return k, text.Fail(text.KeySetsWanted, text.Args{"name": p.Child.String(), "number": strconv.FormatUint(k.child.Number, 10)}, nil)
	}
	if err = k.read(r, p); err == nil && !bytes.Equal(k.after.Hash, p.Hash) {
		err = k.forked(p.After, k.after.Signed)
	} else if err != nil {
		err = text.Fail(text.ChildDamaged, text.Args{"name": p.Child.String(), "jurisdiction": k.in}, err)
	}
	return k, err
}

// read reads the key sets from the one that the presentation names.
func (k *known) read(r *state.Reader, p Presentation) (err error) {
	if k.after, err = k.child.set(r, p.After); err != nil || !bytes.Equal(k.after.Hash, p.Hash) {
		return err
	}
	for number := p.After + 1; number <= k.child.Number && int(number-p.After) <= len(p.KeySets); number++ {
		s, err := k.child.set(r, number)
		if err != nil {
			return err
		}
		k.shown = append(k.shown, s.Signed)
	}
	if next := p.After + uint64(len(k.shown)) + 1; next <= k.child.Number {
		s, err := k.child.set(r, next)
		if err != nil {
			return err
		}
		k.next = s.Signed
	}
	newest, err := k.child.set(r, k.child.Number)
	if err == nil {
		k.endorsed, err = trust.Reopen(newest.Signed)
	}
	return err
}

// ProvenError is text.KeySetOld or text.KeySetsForked, with what proves it to whoever has the key
// sets that were shown, up to the one before: the key set that was endorsed in the next place,
// which that one signed.
type ProvenError struct {
	By   []byte
	said error
}

func (e *ProvenError) Error() string { return e.said.Error() }

// Unwrap returns the refusal.
func (e *ProvenError) Unwrap() error { return e.said }

func (k known) forked(number uint64, endorsed []byte) error {
	return &ProvenError{By: endorsed, said: text.Fail(text.KeySetsForked, text.Args{
		"name": k.child.Place.Name.String(), "jurisdiction": k.in, "number": strconv.FormatUint(number, 10),
	}, nil)}
}

// proven refuses whoever does not hold the log key of the key set that the presentation names. Of a
// child that is held, and shows the key set that was endorsed last, it is the log key of that one:
// the machines of before may be gone.
func (k known) proven(p Presentation, proof Proof) error {
	if proof.Possession == nil {
		return nil
	}
	if signed, shown := k.held.shows(p); k.isHeld && shown && k.held.is(signed) {
		set, err := trust.Reopen(signed)
		if err != nil {
			return err
		}
		return holds(set, p, proof)
	}
	after := k.endorsed
	if p.After != k.child.Number {
		var err error
		if after, err = trust.Reopen(k.after.Signed); err != nil {
			return err
		}
	}
	return holds(after, p, proof)
}

// holds refuses whoever does not hold the log key of a key set.
func holds(set trust.KeySet, p Presentation, proof Proof) error {
	if key := set.LogKey(p.Replica); key == nil || !proof.Possession(key) {
		return text.Fail(text.NotPossessed, text.Args{"name": p.Child.String()}, nil)
	}
	return nil
}

// fresh returns the key sets that the parent has not seen yet. Those that it has seen must be the
// same. A child that is further behind than one presentation holds is told to go on from where this
// one ends; one that has nothing further is older than what is endorsed.
func (k known) fresh(p Presentation) ([][]byte, error) {
	for i, signed := range k.shown {
		if !bytes.Equal(signed, p.KeySets[i]) {
			return nil, k.forked(p.After+uint64(i)+1, signed)
		}
	}
	switch last := p.After + uint64(len(p.KeySets)); {
	case last < k.child.Number && len(p.KeySets) > 0:
		return nil, text.Fail(text.KeySetsWanted, text.Args{"name": p.Child.String(), "number": strconv.FormatUint(last, 10)}, nil)
	case last < k.child.Number:
		return nil, &ProvenError{By: k.next, said: text.Fail(text.KeySetOld, text.Args{"name": p.Child.String()}, nil)}
	}
	return p.KeySets[len(k.shown):], nil
}
