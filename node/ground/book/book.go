// Package book is the way in which a room keeps its part of a jurisdiction's ledger and state.
//
// A room has commands and kept values. A Command ties a number of docs/protocol.md to the type of
// its body and the type of its result, for the proposer and for the handler alike:
//
//	const withdraw book.Command[withdrawBody, ledger.Ref] = 16
//
//	// applyWithdraw(tx *state.Tx, b withdrawBody) (ledger.Ref, error)
//	withdraw.Handle(registry, applyWithdraw)
//	ref, err := withdraw.Do(ctx, l, request, withdrawBody{…})
//
// The body carries a Statement for each entry that the handler appends: the evidence of the entry,
// its sealed payload, and a hash of the head that was signed, [evidence, ciphertext, hash]. A
// Bucket holds values of one type under one name, with one bound for writing and for reading; its
// room declares it beside the commands. A handler refuses with Refuse. What a refused command wrote
// is undone, so the order of checks and writes is free.
//
// Bodies, results and values are deterministic CBOR (see canon). The package holds no business,
// makes no entry by itself, and keeps nothing in memory.
package book

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/text"
)

// Ledger is a jurisdiction's ledger as a room works with it; *host.Host implements it.
type Ledger interface {
	// Name returns the jurisdiction, Log the log of its ledger that is written now, and Names the
	// names of the entries of it and of those before.
	Name() identity.Jurisdiction
	Log() identity.Log
	Names() state.Names

	// View runs f on a state that shows everything acknowledged before the call: it is Linearize
	// and then Look.
	View(ctx context.Context, f func(*state.Reader) error) error

	// Linearize waits until Look shows everything acknowledged before the call. In a group of
	// several replicas each call asks the others once.
	Linearize(ctx context.Context) error

	// Look runs f on the state as this replica has it, and waits for nobody. f must not keep the
	// reader, nor propose anything, nor wait: a commit that enlarges the file waits for f.
	Look(f func(*state.Reader) error) error

	// Propose replicates a command and returns the result of its handler. A refusal is a
	// *state.Refusal. Asked of the request is replicated as it is: Command.Do has put a MAC there.
	Propose(ctx context.Context, kind state.Kind, q Request, body []byte) ([]byte, error)

	// Note commits to a payload of the node's own statement, and seals it.
	Note(contentType string, payload []byte) (Statement, error)

	// Act commits to the payload of an agency's act, signs it with the stated head, and seals it.
	Act(stated ledger.Head, contentType string, payload []byte) (Statement, error)

	// MAC returns a stand-in for a value that the replicated state must find again and may not
	// know. Each domain has a key of its own.
	MAC(domain string, parts ...[]byte) [32]byte

	// Payload opens the payload of the entry at index. It returns ErrNoEntry where the ledger has
	// no such entry, and ErrErased where the payload was erased.
	Payload(r *state.Reader, index uint64) ([]byte, error)

	// SealToken makes an opaque text that only this jurisdiction can read; a caller brings the text
	// back later. OpenToken returns the content that was sealed in the text, or ErrToken.
	SealToken(content []byte) string
	OpenToken(token string) ([]byte, error)
}

// Errors of a ledger.
var (
	// ErrNoEntry is returned for an index that the ledger has not reached.
	ErrNoEntry = errors.New("no such entry")
	// ErrErased is returned for a payload that the vault no longer has.
	ErrErased = errors.New("payload erased")
	// ErrToken is returned for a token that this jurisdiction did not make, or made under keys that
	// it no longer has.
	ErrToken = errors.New("bad token")
)

// Reads is the part of the state that a room reads; *state.Reader and *state.Tx implement it.
type Reads interface {
	// Get returns a copy of the value under a key, or nil.
	Get(bucket string, key []byte) []byte
	// Scan calls each, in the order of the keys, for every key that begins with prefix and is not
	// before from, until each returns false.
	Scan(bucket string, prefix, from []byte, each func(key, value []byte) (more bool))
}

// Request is the request that a command serves. An id belongs to its origin: the same id of another
// origin is another request, and whatever one origin does under its ids, another neither notices
// nor is hindered. The zero Request is none: its command may be applied any number of times.
type Request struct {
	Origin string           // the id of the agency that asks or, where none does, the jurisdiction's name
	ID     identity.Message // that the origin chose
	// Asked is all that is asked, without seals and salts: the same request has the same, and under
	// one id any other request of the origin is refused. Only a MAC of it is replicated.
	Asked []byte
}

// By returns the request of an agency.
func By(agency identity.Agency, id identity.Message, asked []byte) Request {
	return Request{Origin: agency.String(), ID: id, Asked: asked}
}

// ByNode returns the request of whoever runs the jurisdiction.
func ByNode(l Ledger, id identity.Message, asked []byte) Request {
	return Request{Origin: l.Name().String(), ID: id, Asked: asked}
}

// replicated returns the request as the state keeps it: with a MAC of what was asked, which may
// name a person.
func (q Request) replicated(l Ledger) Request {
	if q.Asked != nil {
		mac := l.MAC("asked", q.Asked)
		q.Asked = mac[:]
	}
	return q
}

// Command is the number of a command whose body is a B and whose result is an R.
type Command[B, R any] state.Kind

// Handle registers the handler of the command. The same command again under the same id gets the
// result of the first time.
func (c Command[B, R]) Handle(r *state.Registry, apply func(tx *state.Tx, body B) (R, error)) {
	c.handle(r, state.Idempotent, apply)
}

// HandleOnce is Handle for a command that is refused with state.CodeSeen where the same request
// came before.
func (c Command[B, R]) HandleOnce(r *state.Registry, apply func(tx *state.Tx, body B) (R, error)) {
	c.handle(r, state.Once, apply)
}

func (c Command[B, R]) handle(r *state.Registry, mode state.Mode, apply func(*state.Tx, B) (R, error)) {
	r.Register(state.Kind(c), mode, func(tx *state.Tx, data []byte) ([]byte, error) {
		var body B
		if err := canon.Unmarshal(data, state.MaxCommandLen, &body); err != nil {
			return nil, err
		}
		result, err := apply(tx, body)
		if err != nil {
			return nil, err
		}
		return canon.Marshal(result)
	})
	r.Shape(state.Kind(c), state.Shape{Body: reflect.TypeFor[B](), Result: reflect.TypeFor[R]()})
}

// Do proposes the command and returns its result; see Ledger.Propose.
func (c Command[B, R]) Do(ctx context.Context, l Ledger, q Request, body B) (result R, err error) {
	data, err := canon.Marshal(body)
	if err != nil {
		return result, fmt.Errorf("encode command %d: %w", c, err)
	}
	answer, err := l.Propose(ctx, state.Kind(c), q.replicated(l), data)
	if err != nil {
		return result, err
	}
	if err := canon.Unmarshal(answer, state.MaxResultLen, &result); err != nil {
		return result, fmt.Errorf("decode result of command %d: %w", c, err)
	}
	return result, nil
}

// Unused refuses a request whose id its origin used before, as Do would: with state.CodeSeen where
// the same request came before, or state.CodeIDReused. It lets a room look before it does what
// costs, or shows, something; the command looks again.
func (c Command[B, R]) Unused(r *state.Reader, l Ledger, q Request) error {
	q = q.replicated(l)
	code := r.Used(state.Command{Kind: state.Kind(c), Origin: q.Origin, ID: q.ID, Asked: q.Asked})
	return state.Result{Code: code}.Err()
}

// Before returns the result that the same request had when it came before under its id; came is
// false where the id is free. The error is state.CodeIDReused as of Unused.
func (c Command[B, R]) Before(r *state.Reader, l Ledger, q Request) (result R, came bool, err error) {
	q = q.replicated(l)
	answer, came := r.Answer(state.Command{Kind: state.Kind(c), Origin: q.Origin, ID: q.ID, Asked: q.Asked})
	if err := answer.Err(); err != nil || !came {
		return result, false, err
	}
	if err := canon.Unmarshal(answer.Data, state.MaxResultLen, &result); err != nil {
		return result, false, fmt.Errorf("decode result of command %d: %w", c, err)
	}
	return result, true, nil
}

// Came is Before in a view of its own: whoever is asked the same again gives the answer of the
// first time, before looking at anything else, which may be otherwise since. The zero Request never
// came.
func (c Command[B, R]) Came(ctx context.Context, l Ledger, q Request) (result R, came bool, err error) {
	if q.Origin == "" {
		return result, false, nil
	}
	err = l.View(ctx, func(r *state.Reader) (err error) {
		result, came, err = c.Before(r, l, q)
		return err
	})
	return result, came, err
}

// Nothing is the body or the result of a command that has none.
type Nothing struct {
	_ struct{} `cbor:",toarray"`
}

// Statement is the part of a command from which its handler appends one entry.
type Statement struct {
	_        struct{} `cbor:",toarray"`
	Evidence ledger.Evidence
	Sealed   []byte // ciphertext of the payload
	Stated   []byte // of an act: what was signed beside the commitment, see ledger.Stated; empty: nothing
}

// Append puts the entry at the end of the ledger, and returns a reference to it; see
// state.Tx.Append. An act that was signed with another head, because something changed between, is
// refused with text.ActMoved: an agency would stand for what it did not sign.
func (s Statement) Append(tx *state.Tx, stated ledger.Head) (ledger.Ref, error) {
	if want := ledger.Stated(tx.Log(), stated); s.Evidence.Signed() && !bytes.Equal(s.Stated, want[:]) {
		return ledger.None, Refuse(text.ActMoved)
	}
	index, err := tx.Append(stated, s.Evidence, s.Sealed)
	if err != nil {
		return ledger.None, err
	}
	return ledger.RefTo(index), nil
}

// Next returns a reference to the entry that the next Append of the transaction makes.
func Next(tx *state.Tx) ledger.Ref { return ledger.RefTo(tx.Size()) }

// Refuse returns the error of a handler that refuses its command: a row of the table of errors,
// with the values of the row in their order. The values must hold no personal data.
func Refuse(code text.Code, values ...string) error {
	return &state.Refusal{Code: state.Code(text.Number(code)), Args: values}
}

// Enter proposes a command whose result refers to the entry that the handler made or found, and
// returns the name of that entry.
func Enter[B any](ctx context.Context, l Ledger, c Command[B, ledger.Ref], q Request, body B) (identity.Entry, error) {
	ref, err := c.Do(ctx, l, q, body)
	return ref.In(l.Names()), err
}
