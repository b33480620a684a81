// Package answers keeps what was answered for a while, so that the same request gets the same
// answer again: to whoever lost it, and to whoever would like to have a second one.
//
// A request that comes while it is being answered waits for that answer. A key under which another
// request came is refused with ErrOther. The memory is bounded in bytes. Where it does not suffice,
// whoever holds most loses its oldest answer: among the neighbours first, and then among the owners
// behind that neighbour. So nobody loses an answer by what another one sends, as long as it holds
// no more than an equal share, and an owner that a neighbour invented takes from that neighbour.
//
// The memory is gone after a restart, and may be too small for ten minutes of much work; then the
// ledger tells that the request was answered (see book.Request of node/ground). The package knows
// nothing of what it keeps, and has no clock.
//
// It is no budget.Places, which refuses what does not fit: here nobody is refused, the newest
// answer is worth most, and somebody's oldest one goes.
package answers

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"
)

// Term is how long an answer is kept; where the clock is set back meanwhile, that much longer.
const Term = 10 * time.Minute

// overhead is what an answer costs beside its own bytes.
const overhead = 512

// ErrOther is returned for another request under a key that is in use.
var ErrOther = errors.New("another request came under the key")

// Owner is whose memory an answer takes: that of a neighbour and, behind it, of one of its owners.
type Owner struct{ Neighbour, Name string }

// Request is what is answered.
type Request struct {
	Owner Owner
	Key   string   // by which the request is found again; different owners need different keys
	Hash  [32]byte // of the whole request
}

// Answer is an answer that may be kept.
type Answer[V any] struct {
	Value V
	Size  int  // bytes
	Keep  bool // whether the request gets it again; otherwise it is a new request when it comes again
}

// Store keeps answers. Many goroutines may use it.
type Store[V any] struct {
	most int // bytes

	mu     sync.Mutex // guards the fields below
	byKey  map[string]*kept[V]
	oldest *list.List // of *kept[V], of all owners
	shares map[string]*share
	bytes  int
}

// share is what one neighbour holds.
type share struct {
	bytes  int
	owners map[string]*held
}

// held is what one owner holds.
type held struct {
	bytes  int
	oldest *list.List
}

type kept[V any] struct {
	Request
	value      V
	at         time.Time
	size       int
	done       chan struct{} // closed when the answer is there, or will not be kept
	all, owned *list.Element // nil: still being answered
}

// New returns a store of at most so many bytes.
func New[V any](most int) *Store[V] {
	return &Store[V]{most: most, byKey: map[string]*kept[V]{}, oldest: list.New(), shares: map[string]*share{}}
}

// Do answers a request: with the answer that is kept, then again is true, or else with that of
// make. If the request is being answered, Do waits for that answer; if it is then not kept, or ctx
// ends, Do goes on as if it had not been asked before, or returns the error of ctx.
func (s *Store[V]) Do(ctx context.Context, q Request, now time.Time, make func() (Answer[V], error)) (v V, again bool, err error) {
	for {
		k, found := s.begin(q, now)
		switch {
		case !found:
			return s.first(k, now, make)
		case k.Hash != q.Hash:
			return v, false, ErrOther
		}
		select {
		case <-k.done:
		case <-ctx.Done():
			return v, false, ctx.Err()
		}
		if v, again = s.Find(q, now); again {
			return v, true, nil
		}
	}
}

// Find returns the answer that is kept for the request.
func (s *Store[V]) Find(q Request, now time.Time) (v V, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	if k := s.byKey[q.Key]; k != nil && k.all != nil && k.Hash == q.Hash {
		return k.value, true
	}
	return v, false
}

// Drop forgets the answer that is kept for the request.
func (s *Store[V]) Drop(q Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.byKey[q.Key]; k != nil && k.all != nil && k.Hash == q.Hash {
		s.drop(k)
	}
}

// begin returns what is there under the key, or else a new place that the caller must fill.
func (s *Store[V]) begin(q Request, now time.Time) (k *kept[V], found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	if k, found = s.byKey[q.Key]; !found {
		k = &kept[V]{Request: q, done: make(chan struct{})}
		s.byKey[q.Key] = k
	}
	return k, found
}

// first answers a request, and keeps the answer.
func (s *Store[V]) first(k *kept[V], now time.Time, make func() (Answer[V], error)) (V, bool, error) {
	var a Answer[V]
	defer func() { // also after a panic: nobody shall wait for ever
		s.end(k, a, now)
		close(k.done)
	}()
	var err error
	a, err = make()
	return a.Value, false, err
}

// end keeps the answer under its key, or gives the key back.
func (s *Store[V]) end(k *kept[V], a Answer[V], now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k.value, k.size, k.at = a.Value, a.Size+overhead+2*len(k.Key), now
	if !a.Keep || k.size > s.most {
		delete(s.byKey, k.Key)
		return
	}
	of := s.shares[k.Owner.Neighbour]
	if of == nil {
		of = &share{owners: map[string]*held{}}
		s.shares[k.Owner.Neighbour] = of
	}
	by := of.owners[k.Owner.Name]
	if by == nil {
		by = &held{oldest: list.New()}
		of.owners[k.Owner.Name] = by
	}
	k.all, k.owned = s.oldest.PushBack(k), by.oldest.PushBack(k)
	s.bytes, of.bytes, by.bytes = s.bytes+k.size, of.bytes+k.size, by.bytes+k.size
	for s.bytes > s.most {
		s.drop(s.surplus())
	}
}

// surplus returns the oldest answer of the owner that holds most, of the neighbour that holds most.
func (s *Store[V]) surplus() *kept[V] {
	var largest *share
	for _, of := range s.shares {
		if largest == nil || of.bytes > largest.bytes {
			largest = of
		}
	}
	var by *held
	for _, each := range largest.owners {
		if by == nil || each.bytes > by.bytes {
			by = each
		}
	}
	return by.oldest.Front().Value.(*kept[V])
}

// forget drops the answers whose term is over, with mu held.
func (s *Store[V]) forget(now time.Time) {
	for first := s.oldest.Front(); first != nil; first = s.oldest.Front() {
		k := first.Value.(*kept[V])
		if now.Sub(k.at) < Term {
			return
		}
		s.drop(k)
	}
}

func (s *Store[V]) drop(k *kept[V]) {
	of := s.shares[k.Owner.Neighbour]
	by := of.owners[k.Owner.Name]
	delete(s.byKey, k.Key)
	s.oldest.Remove(k.all)
	by.oldest.Remove(k.owned)
	s.bytes, of.bytes, by.bytes = s.bytes-k.size, of.bytes-k.size, by.bytes-k.size
	if by.bytes == 0 {
		delete(of.owners, k.Owner.Name)
	}
	if of.bytes == 0 {
		delete(s.shares, k.Owner.Neighbour)
	}
}
