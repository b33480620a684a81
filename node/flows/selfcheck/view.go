package selfcheck

import (
	"context"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/ground/host"
)

// Acknowledge ends the alarms, and forgets what led to them: what goes on is found again. It
// returns how many there were. again says that the same request came before under its id, and how
// many there were then: what was found since stays.
func (d *Desk) Acknowledge(ctx context.Context, id identity.Message) (ended int, again bool, err error) {
	d.keeping.Lock()
	defer d.keeping.Unlock()
	d.mu.Lock()
	stand := len(d.kept) + len(d.leads)
	d.mu.Unlock()
	ended, again, err = acknowledge(ctx, d.o.Ledger, id, stand)
	if again || err != nil {
		return ended, again, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kept, d.leads, d.asked, d.again, d.unkept = nil, nil, nil, false, false
	return ended, false, nil
}

// View is what a person is told.
type View struct {
	Asked    []Seen    // the last asking of each, newest first
	Findings []Finding // alarms, then leads
	Alone    bool      // nobody but the parent could be asked the last time
	InUse    string    // fingerprint of the own key set whose keys sign
	Endorsed *trust.Endorsement
}

// Seen is an asking, judged by itself.
type Seen struct {
	Asking
	Agrees bool // it names a key set of ours that counts
}

// View returns what is known now.
func (d *Desk) View(ctx context.Context) (v View, err error) {
	states, e, err := d.o.Keys.KeyStates(ctx)
	if err != nil {
		return v, err
	}
	own := ownOf(states, e)
	v.InUse, v.Endorsed = inUse(states), e
	d.mu.Lock()
	defer d.mu.Unlock()
	v.Alone, v.Findings = d.alone, slices.Concat(d.kept, d.leads)
	for _, a := range slices.Backward(d.asked) {
		if !slices.ContainsFunc(v.Asked, func(b Seen) bool { return a.Who == b.Who }) {
			v.Asked = append(v.Asked, Seen{a, own.sense(a) == agrees})
		}
	}
	return v, nil
}

// inUse returns the fingerprint of the key set whose keys sign.
func inUse(states []host.KeyState) (fingerprint string) {
	for _, k := range states {
		if k.InUse {
			fingerprint = k.Pin().Fingerprint()
		}
	}
	return fingerprint
}

// StaleAfter is how old the own endorsement, which is renewed every day, becomes before a person
// must look at it.
const StaleAfter = 26 * time.Hour

// Stale reports whether the parent has not renewed the endorsement for too long; nil: there is no
// parent.
func Stale(e *trust.Endorsement, now time.Time) bool {
	return e != nil && now.Sub(time.UnixMilli(int64(e.Issued))) > StaleAfter
}

// Fingerprint returns the fingerprint of the key set that waits, was believed, or is; "" where it
// was not named.
func (f Finding) Fingerprint() string {
	b := f.Belief
	switch {
	case len(b.Waiting) > 0:
		return fingerprint(b.Name, b.Waiting[0].Number, b.Waiting[0].Hash)
	case b.Before != nil:
		return fingerprint(b.Name, b.Before.Number, b.Before.Hash)
	}
	return b.Fingerprint()
}

// Fingerprint returns the fingerprint of the key set that is believed; "" where none was named.
func (b Belief) Fingerprint() string { return fingerprint(b.Name, b.Number, b.Hash) }

func fingerprint(name identity.Jurisdiction, number uint64, hash []byte) string {
	pin, err := trust.NewPin(name, number, hash)
	if err != nil {
		return ""
	}
	return pin.Fingerprint()
}
