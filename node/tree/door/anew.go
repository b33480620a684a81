package door

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/node/tree"
)

// maxOlder is how many smaller checkpoints are told.
const maxOlder = 1024

// Anew is what a parent tells a child that is to go on in the same ledger with new keys, before
// anything is changed there.
type Anew struct {
	_     struct{} `cbor:",toarray"`
	First []byte   // hash of the key set that the invitation is bound to; empty: of none yet
	Saw   []byte   // the note of the largest checkpoint that the parent saw of the child's newest log; empty: of none
	Older []Mark   // smaller ones that it saw of that log, the largest first
}

// Mark is the size and the root of a checkpoint.
type Mark struct {
	_    struct{} `cbor:",toarray"`
	Size uint64
	Root tlog.Hash
}

// anew answers the holder of an invitation.
func (d Door) anew(ctx context.Context, body []byte) (a Anew, err error) {
	var b beginning
	if err := unmarshal(body, &b); err != nil {
		return a, err
	}
	first, err := tree.Bound(ctx, d.Parent, b.Child, b.Secret)
	if err != nil {
		return a, err
	}
	saw, older, err := d.Saw(ctx, b.Child)
	a = Anew{First: append([]byte{}, first...), Saw: append([]byte{}, saw...), Older: []Mark{}}
	for _, c := range older[:min(len(older), maxOlder)] {
		a.Older = append(a.Older, Mark{Size: c.Size, Root: c.Root})
	}
	return a, err
}

// Check refuses what no parent tells a child, before anything is changed there: what is noted must
// be read again.
func (a Anew) Check(child identity.Jurisdiction) error {
	if len(a.Older) > maxOlder {
		return fmt.Errorf("it tells %d checkpoints, more than %d", len(a.Older), maxOlder)
	}
	if len(a.Saw) == 0 {
		return nil
	}
	seen, err := ledger.Growth{Note: a.Saw}.Checkpoint()
	if err == nil && (seen.Log.Jurisdiction() != child || seen.Size > identity.MaxIndex) {
		err = fmt.Errorf("it saw %d entries of %s", seen.Size, seen.Log)
	}
	return err
}

// AskAnew asks the parent. It verifies nothing; see Check.
func AskAnew(ctx context.Context, c Conn, child identity.Jurisdiction, secret []byte) (a Anew, err error) {
	body, err := canon.Marshal(beginning{Child: child, Secret: secret})
	if err == nil {
		err = ask(ctx, c, opAnew, body, &a)
	}
	if err != nil {
		return a, fmt.Errorf("ask what the parent saw: %w", err)
	}
	return a, nil
}
