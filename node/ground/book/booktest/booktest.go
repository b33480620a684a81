// Package booktest is a jurisdiction's ledger in memory, for the tests of the rooms that work with
// one.
//
// A proposed command is applied at once, by the same code as in a node, without raft, disk or
// waiting. The appended entries are signed and sealed with real keys, which lie in a folder of the
// test. The ledger counts the reads and the commands, so that a test can say how many of them an
// act costs. It issues no receipts and no checkpoints, and nothing of it outlives the test.
package booktest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/vault"
	"xietong/node/ground/book"
)

// Ledger is a ledger in memory. Its clock stands still until it is moved.
type Ledger struct {
	Clock time.Time
	// Views counts the reads that saw everything acknowledged; Proposals counts the commands.
	Views, Proposals atomic.Int64
	// Before, if not nil, is called before each command is applied; with it a test does something
	// between a decision and the record of that decision.
	Before func(state.Kind)

	name  identity.Jurisdiction
	log   identity.Log
	keys  *authority.Authority
	vault *vault.Keystore
	state *state.Memory
}

// New returns the empty ledger of the jurisdiction with the commands of the registry.
func New(t testing.TB, name string, registry *state.Registry) *Ledger {
	t.Helper()
	l, err := open(t.TempDir(), name, registry)
	if err != nil {
		t.Fatalf("make ledger in memory: %v", err)
	}
	return l
}

func open(dir, name string, registry *state.Registry) (*Ledger, error) {
	l := &Ledger{Clock: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
	replica, err := identity.NewReplica(1)
	if err != nil {
		return nil, err
	}
	if l.name, err = identity.ParseJurisdiction(name); err != nil {
		return nil, err
	}
	if l.log, err = identity.NewLog(l.name, 1); err != nil {
		return nil, err
	}
	if l.keys, err = authority.Create(dir, l.name, replica, l.Clock); err != nil {
		return nil, err
	}
	keystore := filepath.Join(dir, "keystore")
	if err := vault.Create(keystore); err != nil {
		return nil, err
	}
	if l.vault, err = vault.Open(keystore); err != nil {
		return nil, err
	}
	l.state = state.NewMemory(l.log, registry)
	return l, nil
}

// Name returns the jurisdiction.
func (l *Ledger) Name() identity.Jurisdiction { return l.name }

// Log returns the ledger's log.
func (l *Ledger) Log() identity.Log { return l.log }

// Names returns the names of the ledger's entries.
func (l *Ledger) Names() state.Names { return state.NamesOf(l.log) }

// View runs f on the state as it is now.
func (l *Ledger) View(ctx context.Context, f func(*state.Reader) error) error {
	if err := l.Linearize(ctx); err != nil {
		return err
	}
	return l.Look(f)
}

// Linearize counts a read: Look always shows everything.
func (l *Ledger) Linearize(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.Views.Add(1)
	return nil
}

// Look runs f on the state as it is now.
func (l *Ledger) Look(f func(*state.Reader) error) error { return l.state.View(f) }

// Propose applies a command. It returns a *state.Refusal as in a node; any other error of a handler
// would stop a node.
func (l *Ledger) Propose(ctx context.Context, kind state.Kind, q book.Request, body []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.Proposals.Add(1)
	if l.Before != nil {
		l.Before(kind)
	}
	result, err := l.state.Apply(state.Command{
		Kind: kind, Origin: q.Origin, ID: q.ID, Asked: q.Asked, Body: body,
		Clock: uint64(l.Clock.UnixMilli()), Expires: uint64(l.Clock.Add(time.Hour).UnixMilli()),
	})
	if err != nil {
		return nil, fmt.Errorf("the node would stop: %w", err)
	}
	return result.Data, result.Err()
}

// Note commits to a payload of the node's own statement, and seals it.
func (l *Ledger) Note(contentType string, payload []byte) (book.Statement, error) {
	c, sealed, err := l.seal(contentType, payload)
	return book.Statement{Evidence: ledger.PlainEvidence(c), Sealed: sealed, Stated: []byte{}}, err
}

// Act commits to the payload of an agency's act, signs it with the stated head, and seals it.
func (l *Ledger) Act(stated ledger.Head, contentType string, payload []byte) (book.Statement, error) {
	c, sealed, err := l.seal(contentType, payload)
	if err != nil {
		return book.Statement{}, err
	}
	evidence, err := ledger.Sign(l.log, stated, contentType, c, l.keys)
	hash := ledger.Stated(l.log, stated)
	return book.Statement{Evidence: evidence, Sealed: sealed, Stated: hash[:]}, err
}

func (l *Ledger) seal(contentType string, payload []byte) (ledger.Commitment, []byte, error) {
	preimage, err := ledger.NewPreimage(contentType, payload).Encode()
	if err != nil {
		return ledger.Commitment{}, nil, err
	}
	c := ledger.Commit(preimage)
	return c, l.vault.Seal(c, preimage), nil
}

// MAC returns a stand-in for a value; each domain has a key of its own.
func (l *Ledger) MAC(domain string, parts ...[]byte) [32]byte { return l.vault.MAC(domain, parts...) }

// Preimage returns the encoded preimage of the payload of the entry at index; nil: erased.
func (l *Ledger) Preimage(r *state.Reader, index uint64) ([]byte, error) {
	data, sealed := r.Leaf(index), r.Sealed(index)
	if data == nil {
		return nil, book.ErrNoEntry
	}
	leaf, err := ledger.DecodeLeaf(data)
	if err != nil || sealed == nil {
		return nil, err
	}
	preimage, err := l.vault.Open(leaf.Evidence.Commitment(), sealed)
	if errors.Is(err, vault.ErrDestroyed) {
		return nil, nil
	}
	return preimage, err
}

// Payload opens the payload of the entry at index.
func (l *Ledger) Payload(r *state.Reader, index uint64) ([]byte, error) {
	preimage, err := l.Preimage(r, index)
	if err != nil {
		return nil, err
	}
	if preimage == nil {
		return nil, book.ErrErased
	}
	p, err := ledger.DecodePreimage(preimage)
	return p.Payload, err
}

// SealToken makes a text that OpenToken reads, sealed as in a node.
func (l *Ledger) SealToken(content []byte) string {
	var nonce [32]byte
	rand.Read(nonce[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(append(nonce[:], l.vault.Seal(nonce, content)...))
}

// OpenToken returns the content that SealToken put into the token.
func (l *Ledger) OpenToken(token string) ([]byte, error) {
	data, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(data) < 32 {
		return nil, fmt.Errorf("%w: not what was given", book.ErrToken)
	}
	content, err := l.vault.Open([32]byte(data[:32]), data[32:])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", book.ErrToken, err)
	}
	return content, nil
}

// Heads returns the heads of the ledger's entries from the index on, in their order.
func (l *Ledger) Heads(t testing.TB, from uint64) (heads []ledger.Head) {
	t.Helper()
	err := l.state.View(func(r *state.Reader) error {
		for i := from; i < r.Size(); i++ {
			leaf, err := ledger.DecodeLeaf(r.Leaf(i))
			if err != nil {
				return err
			}
			heads = append(heads, leaf.Head)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("read heads: %v", err)
	}
	return heads
}

// Erase makes the payload of an entry, if it has one, one whose wrapping key was dropped: a
// ciphertext stays, as it does when a payload is erased, and nobody can open it.
func Erase(tx *state.Tx, index uint64) error {
	if tx.Get("sealed", book.Be64(index)) == nil {
		return nil
	}
	return tx.Put("sealed", book.Be64(index), append([]byte{1}, make([]byte, vault.Overhead)...)) // of generation 0
}
