package replicas

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/node/ground/host"
)

// A stream among replicas carries one ask: a frame, and a frame back. A frame is its length in 4
// bytes, big-endian, and that many bytes of deterministic CBOR: [operation, ms, body] to ask, and
// [outcome, text, [value …], body] to answer. The outcome says whether what was asked is done; the
// text is for a log. 00 00 00 04 83 02 00 40 asks for the index of a read.
//
//	1 propose    body: the command as it is replicated       answer: [code, [value …], data, replayed]
//	2 read       body: h''                                   answer: the raft index that a read waits for
//	3 sign       body: a key set                             answer: the signature of the replica's log key
//	4 secrets    body: the public key of a hand-over         answer: [keystore, decryption keys, sealed]
//	5 above      body: h''                                   answer: what the parent said: [chain, recovery statement]
//	6 state      body: h''                                   answer: how far it is, and those that it cannot reach, as position
//	7 sets       body: a number                              answer: [signed key set …] after that number, as many as are handed at once
//	8 here       body: where the one that asks is reached    answer: where another one is that says it is the same replica, as here and noted
//	9 word       body: h''                                   answer: [the clock, ms since 1970 UTC; who vouches for it, as host.Voucher]
//	10 links     body: h''                                   answer: [name …] of the neighbours to which it has a link
//	11 zone      body: h''                                   answer: the name of the time zone in which it tells times
const (
	opPropose = 1
	opRead    = 2
	opSign    = 3
	opSecrets = 4
	opAbove   = 5
	opState   = 6
	opSets    = 7
	opHere    = 8
	opWord    = 9
	opLinks   = 10
	opZone    = 11
)

// Limits of an ask.
const (
	maxAsk     = state.MaxCommandLen + 1<<10 // bytes of the frame of an ask
	maxFrame   = 2 << 20                     // bytes of an answer: the levels above, or a keystore, and what stands beside
	mostAsks   = 64                          // that are answered at once
	readWithin = 10 * time.Second            // to read the frame of an ask
	mostLeft   = time.Minute                 // to answer it

	leaderWithin = 300 * time.Millisecond // to reach the replica that leads, before it is looked up anew
)

// outcome says what became of an ask.
type outcome uint64

const (
	done      outcome = 0
	notDone   outcome = 1 // nothing happened
	notLeader outcome = 2 // nothing happened; another replica leads, or none
	busy      outcome = 3 // nothing happened; values: none
	diskFull  outcome = 4 // nothing happened; values: folder, free and needed bytes
	unknown   outcome = 5 // it may yet happen
	clock     outcome = 6 // nothing happened: a clock is wrong; values: as clockValues returns
)

type ask struct {
	_    struct{} `cbor:",toarray"`
	Op   uint64
	Left uint64 // ms
	Body []byte
}

type reply struct {
	_       struct{} `cbor:",toarray"`
	Outcome outcome
	Text    string
	Values  []string
	Body    []byte
}

// result is a state.Result as it travels.
type result struct {
	_        struct{} `cbor:",toarray"`
	Code     state.Code
	Args     []string
	Data     []byte
	Replayed bool
}

// Dialler opens a stream to another replica.
type Dialler interface {
	// Dial opens a stream; the error says why the replica cannot be reached now.
	Dial(ctx context.Context, to identity.Replica) (net.Conn, error)
}

// Asker asks other replicas. It implements host.Others.
type Asker struct{ Streams Dialler }

// Propose implements host.Others.
func (a Asker) Propose(ctx context.Context, leader identity.Replica, c state.Command) (state.Result, error) {
	data, err := c.Encode()
	if err != nil {
		return state.Result{}, fmt.Errorf("%w: %w", group.ErrNotDone, err)
	}
	var r result
	if err := a.ask(ctx, leader, opPropose, data, &r); err != nil {
		return state.Result{}, err
	}
	return state.Result{Code: r.Code, Args: r.Args, Data: r.Data, Replayed: r.Replayed}, nil
}

// ReadIndex implements host.Others.
func (a Asker) ReadIndex(ctx context.Context, leader identity.Replica) (index uint64, err error) {
	err = a.ask(ctx, leader, opRead, nil, &index)
	if err != nil && !errors.Is(err, group.ErrNotDone) { // a read changes nothing
		err = fmt.Errorf("%w: %w: %w", group.ErrNotDone, host.ErrNoLeader, err)
	}
	return index, err
}

// SignKeySet implements host.Others.
func (a Asker) SignKeySet(ctx context.Context, of identity.Replica, k trust.KeySet) (trust.Signature, error) {
	data, err := k.Encode()
	if err != nil {
		return trust.Signature{}, err
	}
	s := trust.Signature{Replica: of}
	return s, a.ask(ctx, of, opSign, data, &s.Sig)
}

// Secrets implements host.Others.
func (a Asker) Secrets(ctx context.Context, of identity.Replica, public []byte) (keystore, decryption []byte, err error) {
	var s secrets
	err = a.ask(ctx, of, opSecrets, public, &s)
	return s.Keystore, s.Decryption, err
}

// Above asks a replica for the levels above as it keeps them, and for the recovery statement.
func (a Asker) Above(ctx context.Context, of identity.Replica) (chain, recovery []byte, err error) {
	var up above
	err = a.ask(ctx, of, opAbove, nil, &up)
	return up.Chain, up.Recovery, err
}

// KeySets asks a replica for the signed key sets after a number. Whoever gets them verifies them.
func (a Asker) KeySets(ctx context.Context, of identity.Replica, after uint64) (signed [][]byte, err error) {
	body, err := canon.Marshal(after)
	if err != nil {
		return nil, err
	}
	return signed, a.ask(ctx, of, opSets, body, &signed)
}

// ask asks a replica. The error wraps group.ErrNotDone where nothing can have happened, and else
// group.ErrUnknownOutcome.
func (a Asker) ask(ctx context.Context, to identity.Replica, op uint64, body []byte, into any) error {
	stream, err := a.dial(ctx, to, op)
	if err != nil {
		return fmt.Errorf("ask %s: %w: %w: %w", to, group.ErrNotDone, host.ErrNoLeader, err)
	}
	defer stream.Close()
	stop := context.AfterFunc(ctx, func() { stream.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	q := ask{Op: op, Left: uint64(mostLeft.Milliseconds()), Body: append([]byte{}, body...)}
	if until, ok := ctx.Deadline(); ok {
		q.Left = uint64(max(time.Until(until), 0).Milliseconds())
	}
	var r reply
	if err = writeFrame(stream, q); err == nil {
		err = readFrame(stream, maxFrame, &r)
	}
	if err == nil {
		err = r.failure()
	} else {
		err = fmt.Errorf("%w: %w", group.ErrUnknownOutcome, err)
	}
	if err != nil {
		return fmt.Errorf("ask %s: %w", to, err)
	}
	if err := canon.Unmarshal(r.Body, maxFrame, into); err != nil {
		return fmt.Errorf("ask %s: %w: %w", to, group.ErrUnknownOutcome, err)
	}
	return nil
}

// dial opens a stream for an ask. One for the leader waits no longer than leaderWithin for a
// connection, whose making goes on meanwhile: another replica may lead by then.
func (a Asker) dial(ctx context.Context, to identity.Replica, op uint64) (net.Conn, error) {
	if op == opPropose || op == opRead {
		short, cancel := context.WithTimeout(ctx, leaderWithin)
		defer cancel()
		ctx = short
	}
	return a.Streams.Dial(ctx, to)
}

// failure returns the error that an outcome stands for; nil: it is done.
func (r reply) failure() error {
	text := errors.New(r.Text)
	switch r.Outcome {
	case done:
		return nil
	case notDone:
		return fmt.Errorf("%w: %w", group.ErrNotDone, text)
	case notLeader:
		return fmt.Errorf("%w: %w: %w", group.ErrNotDone, group.ErrNotLeader, text)
	case busy:
		return fmt.Errorf("%w: %w", group.ErrNotDone, group.ErrBusy)
	case diskFull:
		if full := spaceOf(r.Values); full != nil {
			return fmt.Errorf("%w: %w", group.ErrNotDone, full)
		}
	case clock:
		if wrong := clockOf(r.Values); wrong != nil {
			return fmt.Errorf("%w: %w", group.ErrNotDone, wrong)
		}
	}
	return fmt.Errorf("%w: %w", group.ErrUnknownOutcome, text)
}

func spaceOf(values []string) *group.SpaceError {
	if len(values) != 3 {
		return nil
	}
	free, err := strconv.ParseUint(values[1], 10, 64)
	needed, wrong := strconv.ParseUint(values[2], 10, 64)
	if err != nil || wrong != nil {
		return nil
	}
	return &group.SpaceError{Dir: values[0], Free: free, Needed: needed}
}

// told returns the answer to what failed.
func told(err error) reply {
	r := reply{Outcome: unknown, Text: err.Error(), Values: []string{}, Body: []byte{}}
	full, isFull := errors.AsType[*group.SpaceError](err)
	wrong := clockValues(err)
	switch {
	case !errors.Is(err, group.ErrNotDone):
	case wrong != nil:
		r.Outcome, r.Values = clock, wrong
	case isFull:
		r.Outcome = diskFull
		r.Values = []string{full.Dir, strconv.FormatUint(full.Free, 10), strconv.FormatUint(full.Needed, 10)}
	case errors.Is(err, group.ErrNotLeader):
		r.Outcome = notLeader
	case errors.Is(err, state.ErrClosed): // it is going away: the next leader may do it
		r.Outcome = notLeader
	case errors.Is(err, group.ErrBusy):
		r.Outcome = busy
	default:
		r.Outcome = notDone
	}
	return r
}

func writeFrame(w io.Writer, v any) error {
	data, err := canon.Marshal(v)
	if err != nil {
		return err
	}
	if len(data) > maxFrame {
		return fmt.Errorf("a frame of %d bytes, more than %d", len(data), maxFrame)
	}
	_, err = w.Write(append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(data)), uint32(len(data))), data...))
	return err
}

func readFrame(r io.Reader, most uint32, into any) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	length := binary.BigEndian.Uint32(head[:])
	if length > most {
		return fmt.Errorf("a frame of %d bytes, more than %d", length, most)
	}
	data, err := io.ReadAll(io.LimitReader(r, int64(length))) // grows as it comes
	if err == nil && len(data) < int(length) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	return canon.Unmarshal(data, maxFrame, into)
}
