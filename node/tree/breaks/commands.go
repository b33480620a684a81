package breaks

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// The commands of this room. Their numbers are those of docs/protocol.md.
const (
	commandConfirm  book.Command[confirmBody, ledger.Ref] = 26
	commandRemember book.Command[[]change, bool]          = 27
)

// maxMemory bounds what is kept of one jurisdiction: its log keys, and MaxWaiting key sets.
const maxMemory = 1 << 10 // bytes

var (
	memories      = book.Bucket[memory]{Name: "keys-believed", Max: maxMemory}     // by name
	confirmations = book.Bucket[confirmation]{Name: "keys-confirmed", Max: 1 << 8} // by name
)

// confirmation is the newest key set that this jurisdiction confirmed of a child of a child.
type confirmation struct {
	_      struct{} `cbor:",toarray"`
	Number uint64
	Hash   []byte
	Since  uint64 // when it was entered
	Entry  ledger.Ref
}

// change replaces what is remembered of one jurisdiction, if that is still what the change was
// judged by.
type change struct {
	_    struct{} `cbor:",toarray"`
	Of   identity.Jurisdiction
	From []byte // SHA-256 of what was remembered; empty: nothing
	To   memory
}

// confirmBody is the body of commandConfirm. The proposer has verified that the key set is that of
// a child of a child.
type confirmBody struct {
	_         struct{} `cbor:",toarray"`
	Of        identity.Jurisdiction
	Number    uint64
	Hash      []byte
	Statement book.Statement
}

// Register adds this room's commands and buckets.
func Register(r *state.Registry) {
	memories.Keep(r)
	confirmations.Keep(r)
	commandConfirm.Handle(r, applyConfirm)
	commandRemember.Handle(r, applyRemember)
}

// errShape refuses a command that no program of this version makes.
var errShape = errors.New("malformed command")

// applyRemember makes the changes and reports whether it made all: where another came first it
// makes none, and from one on for which there is no room any more, no further ones.
func applyRemember(tx *state.Tx, changes []change) (done bool, err error) {
	if len(changes) > trust.MaxChain {
		return false, errShape
	}
	for _, c := range changes {
		if have := digest(tx, c.Of); !bytes.Equal(have, c.From) {
			return false, nil
		}
	}
	for _, c := range changes {
		if c.Of.IsZero() || len(c.To.Waiting) > MaxWaiting {
			return false, errShape
		}
		if len(c.From) == 0 {
			if ok, err := makeRoom(tx, c.Of); err != nil || !ok {
				return false, err
			}
		}
		if err := memories.Save(tx, []byte(c.Of.String()), c.To); err != nil {
			return false, err
		}
	}
	return true, nil
}

// makeRoom makes room for a jurisdiction that is not remembered yet; ok is false where there is
// none.
func makeRoom(tx *state.Tx, of identity.Jurisdiction) (ok bool, err error) {
	way, ok := roomFor(tx, of)
	if ok && way != "" {
		err = tx.Delete(memories.Name, []byte(way))
	}
	return ok, err
}

// digest returns the SHA-256 of what is remembered of a jurisdiction; empty where nothing is.
func digest(r book.Reads, of identity.Jurisdiction) []byte {
	data := r.Get(memories.Name, []byte(of.String()))
	if data == nil {
		return []byte{}
	}
	sum := sha256.Sum256(data)
	return sum[:]
}

// sameDecision is for how long to confirm the same again is no further decision. After that it is
// one: a confirmation that is spent somewhere counts there no more.
const sameDecision = time.Hour

// applyConfirm confirms a key set. The same again within sameDecision gives the entry of the first
// time, unless that was under a clock that was ahead.
func applyConfirm(tx *state.Tx, b confirmBody) (ledger.Ref, error) {
	key := []byte(b.Of.String())
	have, ok := confirmations.Load(tx, key)
	now := tx.Clock()
	again := ok && have.Since <= now+skew && now <= have.Since+uint64(sameDecision.Milliseconds())
	if again && have.Number == b.Number && bytes.Equal(have.Hash, b.Hash) {
		return have.Entry, nil
	}
	if b.Of.IsZero() {
		return ledger.None, errShape
	}
	if err := confirmations.Save(tx, key, confirmation{Number: b.Number, Hash: b.Hash, Since: now, Entry: book.Next(tx)}); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindKeysConfirmed, Code: b.Of.Label()})
}

// confirmed is the payload of the entry of a confirmation.
type confirmed struct {
	_      struct{} `cbor:",toarray"`
	Of     identity.Jurisdiction
	Number uint64
	Hash   []byte
	Reason string
}

// ConfirmationType is the content type of that payload.
const ConfirmationType = "application/vnd.xietong.keys-confirmed+cbor"

func (c confirmed) encode() ([]byte, error) { return canon.Marshal(c) }
