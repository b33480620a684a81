package roster

import (
	"crypto/sha256"
	"runtime"
	"sync"
	"weak"

	"xietong/certs/canon"
)

// shared holds the lists that are in use in this process, so that all its jurisdictions hold one
// copy of the same places. It keeps no list in use by itself.
var shared = sharing{lists: map[[32]byte]weak.Pointer[list]{}}

type sharing struct {
	mu    sync.Mutex
	lists map[[32]byte]weak.Pointer[list] // by sumOf of their pieces
}

// sumOf returns what tells lists with the same places by: a hash of the names of their pieces.
func sumOf(pieces []Piece) [32]byte {
	data, err := canon.Marshal(pieces)
	if err != nil {
		panic(err) // bytes and numbers can be encoded
	}
	return sha256.Sum256(data)
}

// of returns the list with the pieces; nil: none is in use.
func (s *sharing) of(sum [32]byte) *list {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lists[sum].Value()
}

// put shares a list that has its pieces, and returns the one that is in use from then on.
func (s *sharing) put(l *list) *list {
	sum := sumOf(l.pieces)
	s.mu.Lock()
	defer s.mu.Unlock()
	if have := s.lists[sum].Value(); have != nil {
		return have
	}
	s.lists[sum] = weak.Make(l)
	runtime.AddCleanup(l, s.forget, sum)
	return l
}

// forget forgets a list that is not in use any more, unless another one with its places is.
func (s *sharing) forget(sum [32]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lists[sum].Value() == nil {
		delete(s.lists, sum)
	}
}
