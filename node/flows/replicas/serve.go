package replicas

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
)

// Host is the jurisdiction on this replica; *host.Host is one.
type Host interface {
	book.Ledger
	// Take proposes a command that a replica gives to this one because it leads.
	Take(ctx context.Context, from identity.Replica, c state.Command) (state.Result, error)
	// ReadIndex returns the raft index that a read of another replica waits for, because this one
	// leads.
	ReadIndex(ctx context.Context) (uint64, error)
	// SignKeySet signs the key set that is to follow the newest one, if it may.
	SignKeySet(ctx context.Context, from identity.Replica, next trust.KeySet) ([]byte, error)
	// HandOver returns the keystore, and the decryption keys sealed to the public key of a replica.
	HandOver(to identity.Replica, public []byte) (keystore, decryption []byte, err error)
	// Above returns the levels above as they are kept, and the recovery statement; nil: none.
	Above() (chain, recovery []byte)
	// KeySets returns the signed key sets from number 1, as this replica knows them.
	KeySets(ctx context.Context) ([][]byte, error)
	placed
	// Word returns what this replica says of itself.
	Word() host.Word
}

// Listener takes the streams of other replicas.
type Listener interface {
	// Accept returns the next stream, and whose it is. It returns net.ErrClosed after the end.
	Accept() (net.Conn, identity.Replica, error)
}

// Server answers what other replicas ask.
type Server struct {
	Host  Host
	Links Links  // nil: nothing is said of who is not reached
	Boots *Boots // nil: it is not noticed that a replica runs twice
	// Neighbours returns those to which this replica has a link; nil: none is said.
	Neighbours func() []identity.Jurisdiction
	Zone       string // in which this replica tells times; "": the usual one
	// Moved is told where a replica says that it is reached now, which is not where it was; false:
	// it was somewhere else a moment ago. nil: nobody is told.
	Moved  func(of identity.Replica, addresses []string) bool
	Now    func() time.Time
	Logger *slog.Logger
}

// Run answers until the listener is closed, and every ask is answered then. The asks that are under
// way end with ctx.
func (s Server) Run(ctx context.Context, l Listener) {
	var workers sync.WaitGroup
	defer workers.Wait()
	room := make(chan struct{}, mostAsks)
	for {
		room <- struct{}{} // what waits for Accept is bounded by whoever gives the streams
		stream, from, err := l.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				s.Logger.Error("streams of replicas are taken no more", "error", err)
			}
			return
		}
		workers.Go(func() {
			defer func() { <-room }()
			defer stream.Close()
			if err := s.answer(ctx, stream, from); err != nil {
				s.Logger.Debug("ask of a replica not answered", "replica", from.String(), "error", err)
			}
		})
	}
}

// answer reads one ask and answers it.
func (s Server) answer(ctx context.Context, stream net.Conn, from identity.Replica) error {
	if err := stream.SetReadDeadline(time.Now().Add(readWithin)); err != nil {
		return err
	}
	var q ask
	if err := readFrame(stream, maxAsk, &q); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, min(time.Duration(min(q.Left, 1<<30))*time.Millisecond, mostLeft))
	defer cancel()
	body, err := s.serve(ctx, from, q)
	r := reply{Outcome: done, Values: []string{}}
	if err == nil {
		r.Body, err = canon.Marshal(body)
	}
	if err != nil {
		r = told(err)
	}
	if err := stream.SetWriteDeadline(time.Now().Add(readWithin)); err != nil {
		return err
	}
	return writeFrame(stream, r)
}

// serve does what a replica asks.
func (s Server) serve(ctx context.Context, from identity.Replica, q ask) (any, error) {
	switch q.Op {
	case opPropose:
		return s.propose(ctx, from, q.Body)
	case opRead:
		return s.Host.ReadIndex(ctx)
	case opSign:
		next, err := trust.DecodeKeySet(q.Body)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", group.ErrNotDone, err)
		}
		return s.Host.SignKeySet(ctx, from, next)
	case opSecrets:
		if s.removed(from) { // its connection ends, and until then it gets no keys
			return nil, fmt.Errorf("%w: %s was removed", group.ErrNotDone, from)
		}
		keystore, decryption, err := s.Host.HandOver(from, q.Body)
		return secrets{Keystore: keystore, Decryption: decryption}, err
	case opAbove:
		chain, recovery := s.Host.Above()
		return above{Chain: append([]byte{}, chain...), Recovery: append([]byte{}, recovery...)}, nil
	case opSets:
		return s.setsAfter(ctx, q.Body)
	case opWord:
		return wordOf(s.Host.Word()), nil
	case opHere:
		return s.here(ctx, from, q.Body)
	case opZone:
		return s.Zone, nil
	case opLinks:
		return s.neighbours(), nil
	case opState:
		return positionOf(s.Host, s.Links, s.Now()), nil
	}
	return nil, fmt.Errorf("%w: operation %d", group.ErrNotDone, q.Op)
}

// setsAfter returns the key sets after a number, for a replica that was away.
func (s Server) setsAfter(ctx context.Context, body []byte) ([][]byte, error) {
	var after uint64
	if err := canon.Unmarshal(body, len(body), &after); err != nil {
		return nil, fmt.Errorf("%w: %w", group.ErrNotDone, err)
	}
	signed, err := s.Host.KeySets(ctx)
	if err != nil || after >= uint64(len(signed)) {
		return [][]byte{}, err
	}
	signed = signed[after:]
	return signed[:trust.Some(signed)], nil
}

func (s Server) removed(r identity.Replica) (was bool) {
	err := s.Host.Look(func(reader *state.Reader) error {
		was = WasRemoved(reader, r)
		return nil
	})
	return was || err != nil
}

func (s Server) propose(ctx context.Context, from identity.Replica, data []byte) (result, error) {
	c, err := state.DecodeCommand(data)
	if err != nil {
		return result{}, fmt.Errorf("%w: %w", group.ErrNotDone, err)
	}
	got, err := s.Host.Take(ctx, from, c)
	return result{Code: got.Code, Args: append([]string{}, got.Args...), Data: append([]byte{}, got.Data...), Replayed: got.Replayed}, err
}

type secrets struct {
	_          struct{} `cbor:",toarray"`
	Keystore   []byte
	Decryption []byte
}

type above struct {
	_        struct{} `cbor:",toarray"`
	Chain    []byte
	Recovery []byte
}
