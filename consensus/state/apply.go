package state

import (
	"encoding/binary"
	"errors"
	"fmt"

	"xietong/certs/canon"
)

// Bounds of the memory of ids. An id is remembered until ForgetAfter after its end, so that a
// replay is refused at every moment. Each command forgets at most forgetAtOnce ids, so that no
// command pays for many; it brings at most one, so what is remembered of a busy hour goes away.
const (
	MaxIDLife    = 30 * 24 * 3600 * 1000 // ms; a command that asks for a longer life of its id is refused
	ForgetAfter  = 3600 * 1000           // ms
	forgetAtOnce = 2
	// MaxResultLen is the longest result of a command, in bytes.
	MaxResultLen = 64 << 10
	maxSeenLen   = MaxResultLen + 128
)

// half and full say how full the open transaction is, in percent, when Apply tells the flusher to
// commit it (half), and when Apply commits it itself (full).
const half, full = 50, 100

// Apply applies the commands of one raft entry and returns their results. It returns nil for an
// entry at or below the applied index, which raft replays after a restart: no client waits for its
// results. It also returns nil when the store failed or is closed, because it is then unknown
// whether the entry will be applied.
func (s *Store) Apply(index, term uint64, commands [][]byte) []Result {
	results, fill := s.apply(index, term, commands)
	if fill >= half {
		select {
		case s.half <- struct{}{}:
		default: // the flusher knows
		}
	}
	if fill >= full {
		s.flushing.Lock()
		defer s.flushing.Unlock()
		if s.mustCommit(false) != nil {
			return nil
		}
	}
	return results
}

// apply applies the entry and also returns how full the open transaction is, in percent: a full one
// must be committed before more is applied.
func (s *Store) apply(index, term uint64, commands [][]byte) (results []Result, fill int) {
	file, err := s.lock()
	defer s.mu.Unlock()
	if index <= s.meta.Index || s.closed || s.failed != nil {
		file.end()
		return nil, 0
	}
	if err != nil {
		file.end()
		return s.fail(fmt.Errorf("read state: %w", err)), 0
	}
	s.begin()
	s.open.index = index
	results = make([]Result, len(commands))
	defer file.views.leave()
	err = s.over(file.Tx, func() (err error) {
		for i, data := range commands {
			if results[i], err = s.open.apply(data); err != nil {
				return fmt.Errorf("apply command %d of raft entry %d: %w", i, index, err)
			}
		}
		return nil
	})
	if err != nil {
		return s.fail(err), 0
	}
	s.meta.Last = LastEntry{Index: index, Sum: SumOf(commands)}
	s.moveTo(index, term)
	s.pending += len(commands)
	return results, max(full*s.pending/MaxOpen, full*s.open.len/MaxOpenLen)
}

// moveTo notes that everything up to the raft index is applied, and wakes the readers that wait. mu
// is held.
func (s *Store) moveTo(index, term uint64) {
	s.meta.Index, s.meta.Term = index, term
	if s.advanced != nil {
		close(s.advanced)
		s.advanced = nil
	}
}

// begin opens a transaction if none is open, with mu held.
func (s *Store) begin() {
	if s.open != nil {
		return
	}
	var below []*layer
	if s.frozen != nil {
		below = append(below, s.frozen)
	}
	s.open = newTx(s.registry, &s.meta, below...)
	select {
	case s.wake <- struct{}{}:
	default: // the flusher is awake
	}
}

// apply applies one command, whole or not at all. An error means that the state is unknown.
func (tx *Tx) apply(data []byte) (Result, error) {
	c, err := DecodeCommand(data)
	if err != nil {
		return Result{}, err
	}
	h, known := tx.registry.handlers[c.Kind]
	if !known {
		return Result{}, fmt.Errorf("unknown command kind %d: a newer version of the program proposed it", c.Kind)
	}
	before := tx.mark()
	result, err := tx.run(c, h)
	switch {
	case err == nil:
		tx.digestWrites()
		return result, nil
	case endsNode(err):
		return Result{}, err
	}
	tx.undo(before)
	refusal := answerTo(c.Kind, err)
	return Result{Code: refusal.Code, Args: refusal.Args, cause: refusal.cause}, nil
}

// run runs the handler of a command, unless its id was seen before. A panic of the handler is an
// error.
func (tx *Tx) run(c Command, h registered) (result Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	if err := tx.advance(c); err != nil {
		return Result{}, err
	}
	if r, answered := tx.answeredBefore(c, h.mode); answered {
		return r, nil
	}
	data, err := h.handle(tx, c.Body)
	if err == nil && len(data) > MaxResultLen {
		err = tooLarge("result", len(data), MaxResultLen)
	}
	if err != nil {
		return Result{}, err
	}
	return Result{Data: data}, tx.remember(c, data)
}

// forgetIDs forgets a few ids that have ended.
func (tx *Tx) forgetIDs() error {
	ended, err := tx.DropFirst(bucketExpiry, forgetAtOnce, func(k []byte) bool {
		return binary.BigEndian.Uint64(k)+ForgetAfter < tx.Forgets()
	})
	for _, k := range ended {
		err = errors.Join(err, tx.Delete(bucketSeen, k[8:]))
	}
	return err
}

// answeredBefore answers a command whose origin used its id before. It also refuses a command that
// came after its own end, that asks for a life of its id above MaxIDLife, or whose id may have been
// forgotten while the clock was ahead.
func (tx *Tx) answeredBefore(c Command, mode Mode) (Result, bool) {
	if c.ID.IsZero() {
		return Result{}, false
	}
	answer, used := c.replayed(tx.reads)
	switch {
	case !used:
		now := tx.Clock()
		late := c.Expires < now || c.Expires > now+MaxIDLife || tx.meta.forgotten(c)
		return Result{Code: CodeExpired}, late
	case answer.Code == Done && answer.Replayed && mode == Once:
		return Result{Code: CodeSeen}, true
	}
	return answer, true
}

func (tx *Tx) remember(c Command, result []byte) error {
	if c.ID.IsZero() {
		return nil
	}
	data, err := canon.Marshal(seen{Asked: c.digest(), Expires: c.Expires, Data: result, Name: append([]byte{}, c.Proposal...)})
	if err != nil {
		return err
	}
	key := c.seenKey()
	return errors.Join(tx.Put(bucketSeen, key, data), tx.Put(bucketExpiry, append(be64(c.Expires), key...), nil))
}
