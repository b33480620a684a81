package replicas

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/consensus/state"
)

// maxHere bounds what a replica says of where it is reached, in bytes.
const maxHere = maxAddresses*(maxAddress+8) + 64

// here is what a replica says of itself to each other one, again and again: where it is reached,
// and which start of it says so. A copy that runs beside its original says another one.
type here struct {
	_         struct{} `cbor:",toarray"`
	Boot      []byte   // 16 random bytes, of this start
	Addresses []string
	Dial      bool // it is to be dialled there; false: it may be a copy, and asks for nothing
}

// noted is what it is told: where another start of it is reached, that runs as well; none: it is
// the only one.
type noted struct {
	_     struct{} `cbor:",toarray"`
	Twice []string
}

const bootLen = 16

// Here tells a replica where this one is reached, which that one notes, as it is this one that
// says so: its connection has proven it. It returns where another one is that says it is this
// replica; none: nowhere.
func (a Asker) Here(ctx context.Context, to identity.Replica, boot []byte, addresses []string, dial bool) (twice []string, err error) {
	body, err := canon.Marshal(here{Boot: boot, Addresses: append([]string{}, addresses...), Dial: dial})
	if err != nil {
		return nil, err
	}
	var n noted
	err = a.ask(ctx, to, opHere, body, &n)
	if len(n.Twice) > maxAddresses {
		return nil, fmt.Errorf("ask %s: %d addresses", to, len(n.Twice))
	}
	return n.Twice, err
}

// Start tells the others where this replica is reached: it may have moved. Who leads cannot send it
// anything until it knows, so it is told by whom this one reaches, each of which dials there from
// then on; one of them at least must have had it noted for all. With no others there is nothing to
// tell. Where dial is false, this one may be a copy, and is not to be dialled. It returns where
// another one is that says it is this replica.
func (d *Desk) Start(ctx context.Context, boot []byte, dial bool) (twice []string, err error) {
	addresses, known, others := d.Addresses(), false, []identity.Replica{}
	err = d.Own.Look(func(r *state.Reader) error {
		for _, m := range Members(r) {
			switch {
			case m.Replica == d.Own.Replica():
				known = m.In()
			case m.In():
				others = append(others, m.Replica)
			}
		}
		return nil
	})
	if err != nil || !known || len(addresses) == 0 {
		return nil, err
	}
	told := len(others) == 0
	for _, r := range others {
		ctx, cancel := context.WithTimeout(ctx, statusWithin)
		also, failed := d.Ask.Here(ctx, r, boot, addresses, dial)
		cancel()
		twice = append(twice, also...)
		told, err = told || failed == nil, errors.Join(err, failed)
	}
	if told || !dial {
		return twice, nil
	}
	return twice, errors.Join(err, d.saveOwn(ctx, addresses))
}

// Boots keeps which starts of the other replicas were heard. A start that is heard again after a
// later one runs beside it: a restart never comes back.
type Boots struct {
	mu  sync.Mutex
	all map[identity.Replica]*boots
}

type boots struct {
	heard []boot // the newest last, at most mostBoots
	twice time.Time
}

type boot struct {
	id        string
	addresses []string
	at        time.Time
}

const (
	mostBoots  = 8
	twiceStays = 2 * time.Minute // after it was heard last that two run
)

// hear notes a start of a replica at an address, and returns where another one runs beside it.
func (b *Boots) hear(of identity.Replica, id string, addresses []string, now time.Time) (twice []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all == nil {
		b.all = map[identity.Replica]*boots{}
	}
	s := b.all[of]
	if s == nil {
		s = &boots{}
		b.all[of] = s
	}
	at := slices.IndexFunc(s.heard, func(one boot) bool { return one.id == id })
	if at >= 0 && at < len(s.heard)-1 {
		s.twice = now
	}
	if at >= 0 {
		s.heard = slices.Delete(s.heard, at, at+1)
	}
	s.heard = append(s.heard, boot{id, addresses, now})
	s.heard = s.heard[max(0, len(s.heard)-mostBoots):]
	if s.twice.IsZero() || now.Sub(s.twice) >= twiceStays {
		return nil
	}
	return s.beside()
}

// beside returns where the start runs that was heard before the newest.
func (s *boots) beside() []string {
	if len(s.heard) < 2 {
		return nil
	}
	return s.heard[len(s.heard)-2].addresses
}

// Twice returns the replicas of which two run, with the addresses of both.
func (b *Boots) Twice(now time.Time) map[identity.Replica][]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[identity.Replica][]string{}
	for of, s := range b.all {
		if !s.twice.IsZero() && now.Sub(s.twice) < twiceStays {
			all[of] = slices.Concat(s.heard[len(s.heard)-1].addresses, s.beside())
		}
	}
	return all
}

// here notes where a replica is reached that says so itself. Of two that say that they are the same
// one, neither is dialled elsewhere than before.
func (s Server) here(ctx context.Context, from identity.Replica, body []byte) (n noted, err error) {
	n.Twice = []string{}
	var h here
	if err := canon.Unmarshal(body, maxHere, &h); err != nil {
		return n, fmt.Errorf("%w: %w", group.ErrNotDone, err)
	}
	if err := checkAddresses(h.Addresses); err != nil || len(h.Boot) != bootLen {
		return n, fmt.Errorf("%w: a start of %d bytes: %w", group.ErrNotDone, len(h.Boot), err)
	}
	in, same := false, false
	err = s.Host.Look(func(r *state.Reader) error {
		m, known := MemberOf(r, from)
		in, same = known && m.In(), slices.Equal(m.Addresses, h.Addresses)
		return nil
	})
	if err != nil || !in {
		return n, errors.Join(fmt.Errorf("%w: %s does not belong to the group", group.ErrNotDone, from), err)
	}
	if s.Boots != nil {
		n.Twice = append(n.Twice, s.Boots.hear(from, string(h.Boot), h.Addresses, time.Now())...)
	}
	if same || !h.Dial || len(n.Twice) > 0 {
		return n, nil
	}
	if s.Moved != nil && !s.Moved(from, h.Addresses) {
		return n, fmt.Errorf("%w: %w", group.ErrNotDone, group.ErrBusy)
	}
	s.Logger.Info("replica reached elsewhere from now on", "replica", from.String(), "addresses", listed(h.Addresses))
	return n, SetAddresses(ctx, s.Host, from, h.Addresses)
}
