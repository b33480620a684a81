package join

import (
	"bytes"
	"cmp"
	"context"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/datadir"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/door"
)

// Alone is a person's word that a jurisdiction goes on in its ledger, which the directory has, with
// new keys and without other replicas: most of them are gone for good, or the newest keys are. The
// parent must have invited it with rekey.
type Alone struct {
	Reason string
	// Others takes the other replicas out, as far as the ledger knows of them.
	Others func(ctx context.Context, own Left) error
	// Heads are what HeadsAt, a level above the parent, keeps of the ledger, as the jurisdiction
	// itself has verified: the parent runs on the same node.
	Heads   []ledger.Checkpoint
	HeadsAt identity.Jurisdiction
	// Endorsed is the hash of number 1 of the key sets that the parent on the same node endorsed
	// last; empty: of none, or another node's is asked. Those that were begun here, and endorsed
	// before somebody noted it, are kept.
	Endorsed []byte
	// Recovery is the recovery statement that came to that parent for them; empty: none did.
	Recovery []byte
}

// Left is the jurisdiction on the replica that is left.
type Left interface {
	book.Ledger
	// Replica returns this replica.
	Replica() identity.Replica
}

// bound returns the hash of number 1 of the key sets that an invitation is bound to: the one that
// the parent said or, of an invitation that was made for this attempt, that of the key sets that it
// endorsed last.
func (a Alone) bound(said []byte) []byte {
	if len(said) > 0 {
		return said
	}
	return a.Endorsed
}

// handed returns the recovery statement for a key set that the parent on the same node has already;
// nil: it has none. It would not take the same once more.
func (o Options) handed(first trust.Pin) []byte {
	if o.Alone == nil || len(o.Alone.Recovery) == 0 {
		return nil
	}
	had, err := trust.RecoveryFor(o.Alone.Recovery)
	if err != nil || had != first || len(o.Keys.Statement) > 0 && !bytes.Equal(o.Keys.Statement, o.Alone.Recovery) {
		return nil
	}
	return o.Alone.Recovery
}

// here refuses, before anything is changed, an invitation into another tree or below another parent
// than those that the ledger in a folder joined and, if it is bound to a key set, one that is bound
// to other keys than those in the folder.
func (a *attempt) here(ctx context.Context, r *state.Reader, bound []byte) (err error) {
	var above upstream
	above.have, above.again = tree.UpstreamOf(r)
	first, err := host.FirstPin(r)
	if err != nil {
		return datadir.Error(a.dir, err)
	}
	if hash := first.Hash(); len(bound) > 0 && !bytes.Equal(hash[:], bound) {
		return text.Fail(text.InvitationRedeemed, text.Args{"name": a.t.DisplayName, "jurisdiction": a.parent()}, nil)
	}
	_, err = a.sameTree(ctx, above)
	return err
}

// anew (4) has the jurisdiction go on with new keys in the epoch that the parent told, and opens
// it. An invitation that is bound to keys already changes nothing: where they are those that are
// here, the join is finished with them.
func (a *attempt) anew(ctx context.Context, folder string, epoch uint64) error {
	said, err := door.AskAnew(ctx, a.line, a.t.Child, a.t.Secret)
	if err != nil {
		return a.named(refusedBy(a.t.Parent.Name(), err))
	}
	if err := said.Check(a.t.Child); err != nil {
		return door.Mismatch(a.t.Parent.Name(), err)
	}
	told := text.JoinKeysKept
	var refused error // as a person is told it
	a.made, err = host.BeginAnew(folder, a.t.Child, a.o.Registry(), func(r *state.Reader, begun bool) (*host.Anew, error) {
		bound := said.First
		if begun { // with keys that the invitation may not be bound to yet
			bound = nil
		}
		if refused = a.here(ctx, r, bound); refused != nil || len(bound) > 0 {
			return nil, refused
		}
		told = text.JoinKeysAnew
		return &host.Anew{
			Now: a.o.Now(), Epoch: epoch, Bound: a.o.Alone.bound(said.First), Parent: a.t.Parent.Name(), Reason: a.o.Alone.Reason, Hosted: a.o.Hosted,
			Saw: func(chains [][]trust.KeySet) (saw host.Saw, err error) {
				saw, refused = a.saw(ctx, said, chains)
				saw.Heads, saw.HeadsAt = a.o.Alone.Heads, a.o.Alone.HeadsAt
				return saw, refused
			},
		}, nil
	})
	if err = cmp.Or(refused, datadir.Error(a.dir, err)); err != nil {
		return err
	}
	a.own, err = host.Open(ctx, folder, a.t.Child, host.Options{Registry: a.o.Registry(), Logger: a.o.Logger, Now: a.o.Now, Anew: true})
	if err != nil {
		return datadir.Error(a.dir, err)
	}
	if told == text.JoinKeysAnew {
		err = a.o.Alone.Others(ctx, a.own)
	}
	if err != nil {
		return err
	}
	a.told(text.JoinKeys, told, nil)
	return nil
}
