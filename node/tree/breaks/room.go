package breaks

import (
	"cmp"
	"slices"
	"strings"

	"xietong/certs/identity"
	"xietong/node/ground/book"
)

// MaxRemembered is how many jurisdictions are remembered.
const MaxRemembered = 4096

// place is a name that is remembered, or is to be, as its labels from the root down.
type place []string

func placeOf(name string) place {
	labels := strings.Split(name, ".")
	slices.Reverse(labels)
	return labels
}

// name returns the jurisdiction name.
func (p place) name() string {
	labels := slices.Clone(p)
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}

// roomFor returns whether a jurisdiction that is not remembered yet finds room, and which other
// gives way for it; "": none need.
func roomFor(r book.Reads, of identity.Jurisdiction) (way string, ok bool) {
	var all []place
	r.Scan(memories.Name, nil, nil, func(key, _ []byte) bool {
		all = append(all, placeOf(string(key)))
		return true
	})
	if len(all) < MaxRemembered {
		return "", true
	}
	first := func(p place) uint64 {
		m, _, err := memories.Read(r, []byte(p.name()))
		if err != nil {
			return 0 // a value that cannot be read stays: who is not believed for it is not forgotten
		}
		return m.First
	}
	fresh := placeOf(of.String())
	over := tooMany(append(all, fresh), fresh, first)
	return over.name(), !slices.Equal(over, fresh)
}

func hasRoom(r book.Reads, of identity.Jurisdiction) bool {
	_, ok := roomFor(r, of)
	return ok
}

// tooMany returns the place that must give way. From the root down it follows the branch in which
// the most are remembered. Of branches with as many it follows that of the fresh place or, where
// that is in none, the one with the place that was remembered last. So whoever makes up children
// loses those, the last of them first: neither another's place goes, nor one that it had before.
func tooMany(all []place, fresh place, first func(place) uint64) place {
	slices.SortFunc(all, slices.Compare)
	for depth := 0; len(all) > 1; depth++ {
		all = largest(branchesAt(all, depth), fresh, first)
	}
	return all[0]
}

// branchesAt divides sorted places by their label at a depth.
func branchesAt(all []place, depth int) (branches [][]place) {
	label := func(p place) string {
		if len(p) > depth {
			return p[depth]
		}
		return ""
	}
	for i, p := range all {
		if i == 0 || label(p) != label(all[i-1]) {
			branches = append(branches, nil)
		}
		branches[len(branches)-1] = append(branches[len(branches)-1], p)
	}
	return branches
}

// largest returns the branch with the most places; see tooMany.
func largest(branches [][]place, fresh place, first func(place) uint64) []place {
	most := 0
	for _, b := range branches {
		most = max(most, len(b))
	}
	var tied [][]place
	for _, b := range branches {
		switch {
		case len(b) < most:
		case slices.ContainsFunc(b, func(p place) bool { return slices.Equal(p, fresh) }):
			return b
		default:
			tied = append(tied, b)
		}
	}
	if len(tied) == 1 {
		return tied[0]
	}
	latest := func(b []place) (at uint64) {
		for _, p := range b {
			at = max(at, first(p))
		}
		return at
	}
	return slices.MaxFunc(tied, func(a, b []place) int { return cmp.Compare(latest(a), latest(b)) })
}
