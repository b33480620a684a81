package replicas

import (
	"context"
	"slices"
	"sync"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/zone"
)

// mostLinks is how many neighbours a replica names to which it has a link: more than any
// jurisdiction has children.
const mostLinks = 1 << 13

// neighbours is what a replica says of the neighbours to which it has a link, of those first in the
// order of their names.
func (s Server) neighbours() []string {
	names := []string{}
	if s.Neighbours != nil {
		for _, j := range s.Neighbours() {
			names = append(names, j.String())
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return names[:min(len(names), mostLinks)]
}

// Neighbours asks a replica for the neighbours to which it has a link.
func (a Asker) Neighbours(ctx context.Context, of identity.Replica) (all []identity.Jurisdiction, err error) {
	var names []string
	if err := a.ask(ctx, of, opLinks, nil, &names); err != nil {
		return nil, err
	}
	for _, name := range names[:min(len(names), mostLinks)] {
		if j, err := identity.ParseJurisdiction(name); err == nil {
			all = append(all, j)
		}
	}
	return all, nil
}

// Zone asks a replica for the name of the time zone in which it tells times.
func (a Asker) Zone(ctx context.Context, of identity.Replica) (name string, err error) {
	if err := a.ask(ctx, of, opZone, nil, &name); err != nil {
		return "", err
	}
	if _, err := zone.Load(name); err != nil { // this machine does not know it
		return "", err
	}
	return name, nil
}

// Linked returns the neighbours to which another replica has a link, with the first of them that
// has one. One that does not answer in time says nothing.
func (d *Desk) Linked(ctx context.Context) map[identity.Jurisdiction]identity.Replica {
	ctx, cancel := context.WithTimeout(ctx, statusWithin)
	defer cancel()
	var others []identity.Replica
	_ = d.Own.Look(func(r *state.Reader) error { // who is not known is not asked
		for _, m := range Members(r) {
			if m.In() && m.Replica != d.Own.Replica() && d.Links != nil && d.Links.Reachable(m.Replica) {
				others = append(others, m.Replica)
			}
		}
		return nil
	})
	linked := map[identity.Jurisdiction]identity.Replica{}
	var mu sync.Mutex
	var asking sync.WaitGroup
	for _, of := range others {
		asking.Go(func() {
			all, _ := d.Ask.Neighbours(ctx, of) // an earlier version says nothing
			mu.Lock()
			defer mu.Unlock()
			for _, j := range all {
				if by, known := linked[j]; !known || of.Number() < by.Number() {
					linked[j] = of
				}
			}
		})
	}
	asking.Wait()
	return linked
}
