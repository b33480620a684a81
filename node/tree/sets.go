package tree

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// MostADay is how many key sets of one child are taken in a day.
const MostADay = 64

// day is a day by the clock.
const day = 24 * 60 * 60 * 1000 // ms

// keptSet is a key set of a child. Each has a value of its own, so that a chain may grow without
// limit: what is read and written for a step is the step.
type keptSet struct {
	_      struct{} `cbor:",toarray"`
	Hash   []byte   // of the key set
	Signed []byte   // as the child brought it
}

var keptSets = book.Bucket[keptSet]{Name: "child-key-sets", Max: trust.MaxKeySetLen + 64} // by chain and number

// setKey is the key of a child's key set. A chain is named by the child and the hash of its number
// 1, because a child that was invited with rekey begins a new one.
func setKey(child identity.Label, first []byte, number uint64) []byte {
	return binary.BigEndian.AppendUint64(chainKey(child, first), number)
}

var errNoSet = errors.New("a key set of the chain is missing")

// set reads the key set with a number from the endorsed chain.
func (c Child) set(r book.Reads, number uint64) (keptSet, error) {
	s, ok, err := keptSets.Read(r, setKey(c.Place.Name.Label(), c.Endorsed, number))
	if err == nil && !ok {
		err = errNoSet
	}
	if err != nil {
		return s, fmt.Errorf("key set %d of %s: %w", number, c.Place.Name, err)
	}
	return s, nil
}

// Level returns the key sets of the child as a chain hands them on: the endorsed one and what comes
// before it, as far as the bounds of a message go. The error is for a value that cannot be read.
func (c Child) Level(r book.Reads) (trust.Level, error) {
	var signed [][]byte // newest first
	for number := c.Number; number > 0 && len(signed) < trust.MaxHanded; number-- {
		s, err := c.set(r, number)
		if err != nil {
			return trust.Level{}, err
		}
		signed = append(signed, s.Signed)
	}
	level, err := levelOf(signed)
	level.Recovery = c.Recovery
	return level, err
}

// levelOf returns the level of key sets that are given newest first.
func levelOf(newestFirst [][]byte) (level trust.Level, err error) {
	some := slices.Clone(newestFirst[:trust.Some(newestFirst)])
	slices.Reverse(some)
	level.KeySets, err = trust.Begin(some)
	return level, err
}

// Believed returns the key sets by which the child is believed, verified, with the time for which
// each counts: the endorsed one and some before it. The error is for values that cannot be read.
func (c Child) Believed(r book.Reads) ([]trust.Believed, error) {
	level, err := c.Level(r)
	if err != nil {
		return nil, err
	}
	pin, err := trust.NewPin(c.Place.Name, c.Number, c.Hash)
	if err != nil {
		return nil, err
	}
	sets, err := trust.Walk(pin, level.KeySets)
	if err != nil {
		return nil, err
	}
	return trust.Believe(sets, c.since), nil
}

// IsAt reports whether sets, as Believed returned them, end with the endorsed key set.
func (c Child) IsAt(sets []trust.Believed) bool {
	if len(sets) == 0 {
		return false
	}
	newest := sets[len(sets)-1]
	hash := newest.Hash()
	return newest.Number == c.Number && bytes.Equal(hash[:], c.Hash)
}

// since returns when a number was first endorsed, where it is one of the last.
func (c Child) since(number uint64) (at time.Time, ok bool) {
	first := c.Number - uint64(len(c.Since)) + 1
	if number < first || number > c.Number {
		return at, false
	}
	return time.UnixMilli(int64(c.Since[number-first])), true
}

// SinceNewest returns when the endorsed key set was first endorsed; zero where that is not kept.
func (c Child) SinceNewest() time.Time {
	at, _ := c.since(c.Number)
	return at
}

// take puts new key sets of the endorsed chain into the child, as of the given time. It writes
// nothing yet.
func (c *Child) take(b endorseBody, now uint64) {
	if b.After == 0 {
		c.Since, c.Recovery = nil, nil
	}
	c.recovered(b)
	for range b.Sets {
		c.Since = append(c.Since, b.Issued)
	}
	c.Since = c.Since[max(0, len(c.Since)-trust.MaxSince):]
	if today := now / day; c.Day != today {
		c.Day, c.Came = today, 0
	}
	c.Came += uint64(len(b.Sets))
	c.Endorsed, c.Number, c.Hash, c.Epoch = b.First, b.Number, b.Hash, b.Epoch
}

// saveSets writes the new key sets of the child, and by which entry their chain is endorsed. The
// caller has checked each.
func (c Child) saveSets(tx *state.Tx, b endorseBody) error {
	for i, s := range b.Sets {
		if err := keptSets.Save(tx, setKey(b.Child, b.First, b.After+uint64(i)+1), s); err != nil {
			return err
		}
	}
	return endorsedBy.Save(tx, chainKey(b.Child, b.First), endorsing{Entry: c.Endorsement})
}

// same reports whether the child is endorsed with the key sets that begin with the given one.
func (c Child) same(first []byte) bool { return len(c.Endorsed) > 0 && bytes.Equal(c.Endorsed, first) }
