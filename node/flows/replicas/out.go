package replicas

import (
	"errors"
	"fmt"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/tree/door"
)

// Member tells a replica at the door whether it was removed: the others take no connection of it
// then, so it hears nothing else of that.
func (d *Desk) Member(q door.Membership) (m door.Member, err error) {
	err = d.Own.Look(func(r *state.Reader) error {
		m.Removed, m.KeySets = WasRemoved(r, q.Replica), [][]byte{}
		if signed := r.KeySets(); q.After < uint64(len(signed)) {
			signed = signed[q.After:]
			m.KeySets = append(m.KeySets, signed[:trust.Some(signed)]...)
		}
		return nil
	})
	return m, err
}

// ErrNoProof is wrapped where what somebody at the door says of a removal is not proven.
var ErrNoProof = errors.New("it is not proven")

// Out reports whether what the door told shows that a replica was removed, whose newest known key
// set is given. A replica that a key set has listed is out when a later one, signed by a majority,
// lists it no more. One that none has listed yet is out when a replica that the newest one lists
// says so; verify verifies that it was one, by the key sets.
func Out(m door.Member, newest trust.KeySet, own identity.Replica, verify func(*tlsconf.Bundles) error) (bool, error) {
	listed := newest.LogKey(own) != nil
	if len(m.KeySets) > 0 {
		later, err := trust.Extend(newest, m.KeySets)
		if err != nil {
			return false, fmt.Errorf("%w: %w", ErrNoProof, err)
		}
		for _, k := range later {
			listed = listed || k.LogKey(own) != nil
		}
		newest = later[len(later)-1]
	}
	if listed {
		return newest.LogKey(own) == nil, nil
	}
	b := &tlsconf.Bundles{}
	err := b.Set(trust.Always(newest))
	if err == nil {
		err = verify(b)
	}
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrNoProof, err)
	}
	return m.Removed, nil
}
