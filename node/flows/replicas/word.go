package replicas

import (
	"context"
	"errors"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/node/ground/host"
)

// word is a host.Word as it travels.
type word struct {
	_     struct{} `cbor:",toarray"`
	Clock uint64   // ms since 1970 UTC
	By    uint64
}

// lastMoment bounds what a clock may say, in ms since 1970 UTC: the end of the year 9999.
const lastMoment = 253402300799999

// Word implements host.Others.
func (a Asker) Word(ctx context.Context, of identity.Replica) (host.Word, error) {
	var w word
	if err := a.ask(ctx, of, opWord, nil, &w); err != nil {
		return host.Word{}, err
	}
	if w.Clock > lastMoment || w.By > uint64(host.ByOperator) {
		return host.Word{}, fmt.Errorf("ask %s: %w: the clock %d, by %d", of, errNoWord, w.Clock, w.By)
	}
	return host.Word{Clock: time.UnixMilli(int64(w.Clock)), By: host.Voucher(w.By)}, nil
}

// errNoWord is wrapped where a replica says of itself what cannot be.
var errNoWord = errors.New("no clock says this")

func wordOf(w host.Word) word {
	return word{Clock: uint64(max(w.Clock.UnixMilli(), 0)), By: uint64(w.By)}
}

// clockValues returns how it travels that a clock is wrong; nil: it is none of that. The values are
// the replica, how far its clock is ahead, and the other replica of two that differ, or only the
// replica, which leads and does not believe its clock.
func clockValues(err error) []string {
	if e, ok := errors.AsType[*host.ApartError](err); ok {
		other := ""
		if !e.Other.IsZero() {
			other = e.Other.String()
		}
		return []string{e.Replica.String(), e.Ahead.String(), other}
	}
	if e, ok := errors.AsType[*host.LeaderClockError](err); ok {
		return []string{e.Replica.String()}
	}
	return nil
}

// clockOf is the inverse of clockValues; nil: the values are none.
func clockOf(values []string) error {
	if len(values) != 1 && len(values) != 3 {
		return nil
	}
	replica, err := identity.ParseReplica(values[0])
	if err != nil || len(values) == 1 {
		return ifNot(err, &host.LeaderClockError{Replica: replica})
	}
	e := &host.ApartError{Replica: replica}
	if values[2] != "" {
		e.Other, err = identity.ParseReplica(values[2])
	}
	ahead, wrong := time.ParseDuration(values[1])
	e.Ahead = ahead
	return ifNot(errors.Join(err, wrong), e)
}

// ifNot returns what was read, unless it could not be.
func ifNot(wrong, read error) error {
	if wrong != nil {
		return nil
	}
	return read
}
