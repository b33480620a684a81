package state

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// Kind numbers a command. The numbers are those of docs/protocol.md and are never reused.
type Kind uint16

// The kinds that this room itself handles; the rooms above register theirs.
const (
	KindCheckpointLine Kind = 1
	KindKeySet         Kind = 2
	KindClockCorrected Kind = 50
	KindClockAccepted  Kind = 58
	KindMark           Kind = 64
	KindContinued      Kind = 78
	KindEpoch          Kind = 79
	KindEpochSettled   Kind = 80
	KindEpochWidened   Kind = 81
	KindEpochAnew      Kind = 89
)

// MaxCommandLen is the longest encoded command, in bytes: what raft advises for one log entry.
const MaxCommandLen = 512 << 10

// MaxOriginLen bounds the origin of an id, in bytes. It is more than the longest id of an agency.
const MaxOriginLen = 320

// Command is one change of the state, as it is replicated. The proposer has decided everything;
// Apply checks the versions on which the decision rests, and writes.
type Command struct {
	Kind    Kind
	Origin  string           // whose ID it is: the same id of another origin is another id
	ID      identity.Message // idempotency key or message id; zero: the command may be applied any number of times
	Expires uint64           // end of the life of ID, which is forgotten ForgetAfter later; ms since 1970 UTC
	Clock   uint64           // the proposer's; ms since 1970 UTC
	Asked   []byte           // identifies the request where Body differs each time (salts, keys); empty: Body does
	Body    []byte
	// Proposal names this proposal of the command, at random. Whoever does not know what became of
	// it proposes it again under the same name, and has the answer of the first time, in any mode:
	// it is not a request that came twice. Empty: it is proposed once. It needs an ID.
	Proposal []byte
}

// MaxProposalLen bounds the name of a proposal, in bytes.
const MaxProposalLen = 16

// commandWire is a command as it is replicated; the id is 16 bytes, or none.
type commandWire struct {
	_       struct{} `cbor:",toarray"`
	Kind    Kind
	Origin  string
	ID      []byte
	Expires uint64
	Clock   uint64
	Asked   []byte
	Body    []byte
	Name    []byte
}

// DecodeCommand returns the command that Encode gave, or an error for any other bytes.
func DecodeCommand(data []byte) (Command, error) {
	var w commandWire
	if err := canon.Unmarshal(data, MaxCommandLen, &w); err != nil {
		return Command{}, err
	}
	c := Command{Kind: w.Kind, Origin: w.Origin, Expires: w.Expires, Clock: w.Clock, Asked: w.Asked, Body: w.Body, Proposal: w.Name}
	var err error
	if len(w.ID) > 0 {
		c.ID, err = identity.MessageFromBytes(w.ID)
	}
	return c, err
}

// Encode returns the bytes that are replicated. The error wraps ErrTooLarge when they are more than
// MaxCommandLen, or the origin is longer than MaxOriginLen.
func (c Command) Encode() ([]byte, error) {
	if len(c.Origin) > MaxOriginLen {
		return nil, fmt.Errorf("encode command: %w: an origin of %d bytes, more than %d", ErrTooLarge, len(c.Origin), MaxOriginLen)
	}
	if len(c.Proposal) > MaxProposalLen {
		return nil, fmt.Errorf("encode command: %w: a proposal's name of %d bytes, more than %d", ErrTooLarge, len(c.Proposal), MaxProposalLen)
	}
	w := commandWire{
		Kind: c.Kind, Origin: c.Origin, ID: []byte{}, Expires: c.Expires, Clock: c.Clock, Asked: append([]byte{}, c.Asked...), Body: c.Body, Name: append([]byte{}, c.Proposal...),
	}
	if !c.ID.IsZero() {
		id := c.ID.Bytes()
		w.ID = id[:]
	}
	data, err := canon.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("encode command: %w", err)
	}
	if len(data) > MaxCommandLen {
		return nil, fmt.Errorf("encode command: %w: %w", ErrTooLarge, tooLarge("command", len(data), MaxCommandLen))
	}
	return data, nil
}

// ErrTooLarge is returned for a command longer than MaxCommandLen, or of an origin longer than
// MaxOriginLen; nothing was proposed.
var ErrTooLarge = errors.New("command too large")

// Code says why a command was refused. It crosses the wire: the numbers are those of
// docs/protocol.md.
type Code uint16

// The codes that this room itself gives.
const (
	Done         Code = 0
	CodeSeen     Code = 1 // the same request came before under the id, and is answered once only
	CodeIDReused Code = 2 // the origin used the id before for another request
	CodeExpired  Code = 3 // the command came after its own end, asks for a life of its id above MaxIDLife, or its id may be forgotten

	CodeTooLarge   Code = 6   // where, size, limit: something that it would keep is longer than can be read again
	CodeFailed     Code = 55  // kind: its handler failed on it
	CodeClockBack  Code = 417 // its clock is behind that of the state, and nobody corrected that
	CodeUnreadable Code = 56  // bucket, key: a kept value that it needs cannot be read
)

// Refusal is the error of a handler that refuses a command. It is an answer, the same on every
// replica.
type Refusal struct {
	Code  Code
	Args  []string // for the sentence that a person reads; never personal data
	cause error    // for CodeFailed and CodeUnreadable, on the replica that applied the command: why
}

func (r *Refusal) Error() string {
	if r.cause != nil {
		return fmt.Sprintf("refused with code %d %q: %v", r.Code, r.Args, r.cause)
	}
	return fmt.Sprintf("refused with code %d %q", r.Code, r.Args)
}

// Unwrap returns why a command failed that should not have.
func (r *Refusal) Unwrap() error { return r.cause }

// Result is the answer to one command.
type Result struct {
	Code     Code
	Args     []string
	Data     []byte
	Replayed bool // the request had been served before, by another proposal; Data is its result of then

	cause error // of the refusal
}

// Err returns the refusal, or nil when the command was applied.
func (r Result) Err() error {
	if r.Code == Done {
		return nil
	}
	return &Refusal{r.Code, r.Args, r.cause}
}

// Handler applies one command. A command whose handler returns an error, or panics, is refused, and
// what it wrote is undone: no body ends the node. It is given nothing but the transaction and the
// body: no clock, randomness, goroutine or network.
type Handler func(tx *Tx, body []byte) (result []byte, err error)

// Mode says how a command is answered if the same request came before under its id.
type Mode uint8

// The modes.
const (
	Idempotent Mode = iota // it gets the result of the first time
	Once                   // it is refused with CodeSeen: a replayed request must not be answered again
)

type registered struct {
	mode   Mode
	handle Handler
	shape  Shape
}

// Registry holds the handlers, and the buckets in which they write. It is filled before a store is
// opened and never changed afterwards.
type Registry struct {
	handlers map[Kind]registered
	buckets  map[string]Bucket
	values   map[string]reflect.Type
}

// Shape is what a command carries and leaves; nil: it was not stated.
type Shape struct{ Body, Result reflect.Type }

// NewRegistry returns a registry with the commands and buckets of this room.
func NewRegistry() *Registry {
	r := &Registry{handlers: map[Kind]registered{}, buckets: map[string]Bucket{}, values: map[string]reflect.Type{}}
	r.Keep(own...)
	r.Register(KindCheckpointLine, Idempotent, applyCheckpointLine)
	r.Register(KindKeySet, Idempotent, applyKeySet)
	r.Register(KindClockCorrected, Idempotent, applyClockCorrected)
	r.Register(KindClockAccepted, Idempotent, applyClockAccepted)
	r.Register(KindMark, Idempotent, applyMark)
	r.Register(KindContinued, Idempotent, applyContinued)
	r.Register(KindEpoch, Idempotent, applyEpoch)
	r.Register(KindEpochSettled, Idempotent, applyEpochSettled)
	r.Register(KindEpochWidened, Idempotent, applyEpochWidened)
	r.Register(KindEpochAnew, Idempotent, applyEpochAnew)
	r.Shape(KindCheckpointLine, Shape{Body: reflect.TypeFor[CheckpointLine]()})
	r.Shape(KindKeySet, Shape{Body: reflect.TypeFor[KeySetChange]()})
	r.Shape(KindClockCorrected, Shape{Body: reflect.TypeFor[ClockChange]()})
	r.Shape(KindClockAccepted, Shape{Body: reflect.TypeFor[ClockChange]()})
	r.Shape(KindMark, Shape{Body: reflect.TypeFor[MarkWanted]()})
	r.Shape(KindContinued, Shape{Body: reflect.TypeFor[Continued]()})
	r.Shape(KindEpoch, Shape{Body: reflect.TypeFor[EpochChange]()})
	r.Shape(KindEpochSettled, Shape{Body: reflect.TypeFor[EpochSettled]()})
	r.Shape(KindEpochWidened, Shape{Body: reflect.TypeFor[EpochWidened]()})
	r.Shape(KindEpochAnew, Shape{Body: reflect.TypeFor[EpochChange]()})
	return r
}

// Register adds the handler of a kind. A kind has one handler for ever: Register panics for a
// second one, and for kind 0.
func (r *Registry) Register(kind Kind, mode Mode, h Handler) {
	if _, taken := r.handlers[kind]; taken || kind == 0 {
		panic(fmt.Sprintf("state: command kind %d registered twice", kind))
	}
	r.handlers[kind] = registered{mode: mode, handle: h}
}

// Shape states the types of a registered kind; with them a test makes hostile bodies, and another
// holds what lies on the disk.
func (r *Registry) Shape(kind Kind, s Shape) {
	h := r.handlers[kind]
	h.shape = s
	r.handlers[kind] = h
}

// Shapes returns the types of every registered kind.
func (r *Registry) Shapes() map[Kind]Shape {
	shapes := map[Kind]Shape{}
	for kind, h := range r.handlers {
		shapes[kind] = h.shape
	}
	return shapes
}

// Holds states the type of the values of a bucket.
func (r *Registry) Holds(bucket string, value reflect.Type) { r.values[bucket] = value }

// Held returns the types of values that were stated, by their buckets.
func (r *Registry) Held() map[string]reflect.Type { return r.values }

// seen is the record of a command that is kept under its origin and id.
type seen struct {
	_       struct{} `cbor:",toarray"`
	Asked   []byte   // the digest of the request
	Expires uint64
	Data    []byte
	Name    []byte // of the proposal that was applied
}

// seenKey returns the key of the record: the id, which has 16 bytes, and then the origin.
func (c Command) seenKey() []byte {
	id := c.ID.Bytes()
	return append(id[:], c.Origin...)
}

// digest distinguishes two requests of one origin under the same id. It is SHA-256 of the kind and
// Asked, or Body where Asked is empty: two commands of different kinds are never the same request.
func (c Command) digest() []byte {
	asked := c.Asked
	if len(asked) == 0 {
		asked = c.Body
	}
	sum := sha256.Sum256(append([]byte{byte(c.Kind >> 8), byte(c.Kind)}, asked...))
	return sum[:]
}

// Used returns the code with which the command would be refused because its origin used its id
// before, for this request or for another one; Done: the id is free.
func (r *Reader) Used(c Command) Code {
	answer, used := r.Answer(c)
	if used && answer.Code == Done {
		return CodeSeen
	}
	return answer.Code
}

// Answer returns the answer to a command whose origin used its id before: for the same request what
// its handler returned then, and for any other one a refusal with CodeIDReused. used is false, and
// the answer is empty, where the id is free.
func (r *Reader) Answer(c Command) (answer Result, used bool) { return c.replayed(r.reads) }

func (c Command) replayed(r reads) (answer Result, used bool) {
	before, used := c.before(r)
	switch {
	case !used:
		return Result{}, false
	case !bytes.Equal(before.Asked, c.digest()):
		return Result{Code: CodeIDReused}, true
	}
	same := len(c.Proposal) > 0 && bytes.Equal(before.Name, c.Proposal)
	return Result{Data: before.Data, Replayed: !same}, true
}

// before returns what was kept of the first command of the origin under the id.
func (c Command) before(r reads) (before seen, used bool) {
	data := r.Get(bucketSeen, c.seenKey())
	if data == nil || c.ID.IsZero() {
		return before, false
	}
	if err := canon.Unmarshal(data, maxSeenLen, &before); err != nil {
		Unreadable(bucketSeen, c.seenKey(), err)
	}
	return before, true
}
