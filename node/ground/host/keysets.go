package host

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"time"

	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

// datedKeySet is a key set with the ledger time of its publication.
type datedKeySet struct {
	trust.KeySet
	at     time.Time
	judged bool // at is when its certificates were made: its entry cannot be read
}

// keySets remembers the ledger's verified key sets, so that unchanged key sets are verified once.
type keySets struct {
	mu     sync.Mutex // guards the fields below
	first  []byte     // as signed
	newest []byte     // as signed
	walked []datedKeySet
}

// walk verifies the ledger's key sets from number 1 on. The caller must not change the slice.
func (s *keySets) walk(r *state.Reader) ([]datedKeySet, error) {
	signed := r.KeySets()
	if len(signed) == 0 {
		return nil, fmt.Errorf("%w: the ledger has none", trust.ErrInvalid)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !bytes.Equal(s.first, signed[0]) { // a new chain
		s.first, s.walked = signed[0], nil
	}
	if len(signed) != len(s.walked) || !bytes.Equal(s.newest, signed[len(signed)-1]) {
		fresh, err := s.after(signed)
		if err != nil { // they were verified when they were published
			return nil, &state.DamageError{Err: err}
		}
		walked := slices.Clone(s.walked)
		for _, k := range fresh {
			walked = append(walked, datedKeySet{KeySet: k, judged: true})
		}
		s.walked, s.newest = walked, signed[len(signed)-1]
	}
	return s.dated(r)
}

// dated returns the key sets that were walked, with the times of their entries. An entry that is
// damaged or missing, as those of the first file of old entries may be, is told as damage and stops
// nothing: the key set stands in the state, verified, and its time paces the next one alone. The
// caller holds the lock.
func (s *keySets) dated(r *state.Reader) ([]datedKeySet, error) {
	if !slices.ContainsFunc(s.walked, func(k datedKeySet) bool { return k.judged }) {
		return s.walked, nil
	}
	walked := slices.Clone(s.walked) // others read the slice of before
	for i, k := range walked {
		if !k.judged {
			continue
		}
		index, _ := r.KeySetIndex(k.Number)
		data := r.SoundLeaf(index)
		if data == nil {
			walked[i].at = k.Made()
			continue
		}
		leaf, err := ledger.DecodeLeaf(data)
		if err != nil {
			return nil, fmt.Errorf("entry of key set %d: %w", k.Number, err)
		}
		walked[i].at, walked[i].judged = time.UnixMilli(int64(leaf.Head.At())), false
	}
	s.walked = walked
	return walked, nil
}

// indexedKeySet is a key set with the index of its entry.
type indexedKeySet struct {
	trust.KeySet
	index uint64
}

// in returns the key sets of the chain that counted in an epoch, verified: of the newest chain, or
// of one before.
func (s *keySets) in(r *state.Reader, epoch uint64) (sets []indexedKeySet, err error) {
	newest, err := s.walk(r)
	if err != nil {
		return nil, err
	}
	former := r.FormerKeySets()
	if epoch >= newest[0].Epoch || len(former) == 0 {
		for _, k := range newest {
			index, _ := r.KeySetIndex(k.Number)
			sets = append(sets, indexedKeySet{k.KeySet, index})
		}
		return sets, nil
	}
	at := max(slices.IndexFunc(former, func(k state.FormerKeySet) bool { return epoch < k.Until }), 0)
	var signed [][]byte
	for _, k := range former[at:] {
		if k.Until == former[at].Until {
			signed = append(signed, k.Signed)
		}
	}
	walked, err := trust.WalkFirst(signed)
	if err != nil {
		return nil, &state.DamageError{Err: err}
	}
	for i, k := range walked {
		sets = append(sets, indexedKeySet{k, former[at+i].Index})
	}
	return sets, nil
}

// KeySetsIn returns the key sets of the chain that counted in an epoch, verified, from the one on
// that was in force for so many entries.
func (h *Host) KeySetsIn(epoch, entries uint64) (sets []trust.KeySet, err error) {
	err = h.Look(func(r *state.Reader) error {
		all, err := h.keys.in(r, epoch)
		for i, k := range all {
			if i == 0 || k.index < entries {
				sets = nil
			}
			sets = append(sets, k.KeySet)
		}
		return err
	})
	return sets, err
}

// newestIn returns the newest key set that a reader has.
func (h *Host) newestIn(r *state.Reader) (trust.KeySet, error) {
	sets, err := h.keys.walk(r)
	if err != nil {
		return trust.KeySet{}, err
	}
	return sets[len(sets)-1].KeySet, nil
}

// newestSet returns the newest key set that this replica has applied.
func (h *Host) newestSet() (set trust.KeySet, err error) {
	err = h.Look(func(r *state.Reader) error {
		set, err = h.newestIn(r)
		return err
	})
	return set, err
}

// inForce returns the key set by which a checkpoint of a size is signed; the zero value where there
// was none yet.
func (h *Host) inForce(r *state.Reader, size uint64) (trust.KeySet, error) {
	number := r.InForce(size)
	if number == 0 {
		return trust.KeySet{}, nil
	}
	sets, err := h.keys.walk(r)
	if err != nil {
		return trust.KeySet{}, err
	}
	return sets[number-1].KeySet, nil
}

// after verifies the key sets that were not walked yet. The caller holds the lock.
func (s *keySets) after(signed [][]byte) ([]trust.KeySet, error) {
	if n := len(s.walked); n > 0 {
		return trust.Extend(s.walked[n-1].KeySet, signed[min(n, len(signed)):])
	}
	return trust.WalkFirst(signed)
}

// pin returns the pin of key set 1, which was verified when the jurisdiction was opened.
func (s *keySets) pin() trust.Pin {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.walked[0].Pin()
}
