package roster

import "xietong/certs/identity"

// Branch returns the part of the list that begins at a place, with the number 0. Where the list
// does not have the place it stands there alone, without a display name.
func (r *Roster) Branch(top identity.Jurisdiction) *Roster {
	branch := empty(0, nil)
	first, listed := r.Of(top)
	if !listed {
		first = Place{Name: top}
	}
	places := []Place{first}
	for p := range r.All() {
		if listed && p.Name != top && p.Name.Under(top) {
			places = append(places, p)
		}
	}
	for _, p := range places {
		if err := branch.add(p); err != nil {
			panic(err) // each stood after its parent in r
		}
	}
	return branch
}
