package replicas

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/consensus/state"
)

// maxHere bounds what a replica says of where it is reached, in bytes.
const maxHere = maxAddresses * (maxAddress + 8)

// Here tells a replica where this one is reached, which that one notes, as it is this one that
// says so: its connection has proven it.
func (a Asker) Here(ctx context.Context, to identity.Replica, addresses []string) error {
	body, err := canon.Marshal(addresses)
	if err != nil {
		return err
	}
	var noted bool
	return a.ask(ctx, to, opHere, body, &noted)
}

// Start tells the others where this replica is reached: it may have moved. Who leads cannot send it
// anything until it knows, so it is told by whom this one reaches, each of which dials there from
// then on; one of them at least must have had it noted for all. With no others there is nothing to
// tell.
func (d *Desk) Start(ctx context.Context) error {
	addresses, known, others := d.Addresses(), false, []identity.Replica{}
	err := d.Own.Look(func(r *state.Reader) error {
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
		return err
	}
	noted := len(others) == 0
	for _, r := range others {
		ctx, cancel := context.WithTimeout(ctx, statusWithin)
		failed := d.Ask.Here(ctx, r, addresses)
		cancel()
		noted, err = noted || failed == nil, errors.Join(err, failed)
	}
	if noted {
		return nil
	}
	return errors.Join(err, d.saveOwn(ctx, addresses))
}

// here notes where a replica is reached that says so itself.
func (s Server) here(ctx context.Context, from identity.Replica, body []byte) (noted bool, err error) {
	var addresses []string
	if err := canon.Unmarshal(body, maxHere, &addresses); err != nil {
		return false, fmt.Errorf("%w: %w", group.ErrNotDone, err)
	}
	if err := checkAddresses(addresses); err != nil {
		return false, fmt.Errorf("%w: %w", group.ErrNotDone, err)
	}
	in, same := false, false
	err = s.Host.Look(func(r *state.Reader) error {
		m, known := MemberOf(r, from)
		in, same = known && m.In(), slices.Equal(m.Addresses, addresses)
		return nil
	})
	if err != nil || !in {
		return false, errors.Join(fmt.Errorf("%w: %s does not belong to the group", group.ErrNotDone, from), err)
	}
	if same {
		return true, nil
	}
	if s.Moved != nil && !s.Moved(from, addresses) {
		return false, fmt.Errorf("%w: %w", group.ErrNotDone, group.ErrBusy)
	}
	s.Logger.Info("replica reached elsewhere from now on", "replica", from.String(), "addresses", listed(addresses))
	return true, SetAddresses(ctx, s.Host, from, addresses)
}
