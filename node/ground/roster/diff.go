package roster

// Diff is what a list changes of the one before it.
type Diff struct {
	Added   []Place  // in the order of the new list
	Changed []Change // likewise
	Gone    []Place  // in the order of the old list
}

// Change is a place that both lists have, each with another description.
type Change struct{ Before, After Place }

// None reports whether nothing changes.
func (d Diff) None() bool { return len(d.Added)+len(d.Changed)+len(d.Gone) == 0 }

// Diff returns what the next list changes of r. Places are told apart by their whole names, which
// are permanent.
func (r *Roster) Diff(next *Roster) (d Diff) {
	for _, p := range next.places {
		before, had := r.Of(p.Name)
		switch {
		case !had:
			d.Added = append(d.Added, p)
		case before != p:
			d.Changed = append(d.Changed, Change{before, p})
		}
	}
	for _, p := range r.places {
		if _, has := next.Of(p.Name); !has {
			d.Gone = append(d.Gone, p)
		}
	}
	return d
}

// Moved returns the first place of the next list whose code another name has in r: a name is
// permanent, so that a place that lies below another parent now needs a code of its own.
func (r *Roster) Moved(next *Roster) (was, now Place, moved bool) {
	byCode := map[string]Place{}
	for _, p := range r.places {
		byCode[p.Code] = p
	}
	for _, p := range next.places {
		if was, had := byCode[p.Code]; had && p.Code != "" && was.Name != p.Name {
			return was, p, true
		}
	}
	return was, now, false
}
