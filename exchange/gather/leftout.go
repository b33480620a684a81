package gather

import (
	"slices"

	"xietong/certs/identity"
)

// LeftOut says how many records of a jurisdiction that answered are not in its answer, because they
// could not be compared with what was asked, or not be read. They are told beside the total: left
// out in silence, they would be so many times no.
type LeftOut struct {
	_            struct{} `cbor:",toarray"`
	Name         identity.Jurisdiction
	Incomparable uint64 // of no value, of another type, or too costly
	Unreadable   uint64 // damaged at the provider
	Of           uint64 // records that were looked at, those included
}

// none reports whether nothing was left out: then nothing is told.
func (l LeftOut) none() bool { return l.Incomparable == 0 && l.Unreadable == 0 }

// fits reports whether the numbers can be those of one jurisdiction.
func (l LeftOut) fits() bool {
	return !l.none() && l.Of <= maxRecords && l.Incomparable <= l.Of && l.Unreadable <= l.Of-l.Incomparable
}

// leftOutsOf joins what parties left out, of those alone that answered as members or are told
// beside the roster, in the order of names.
func leftOutsOf(parties [][]LeftOut, told func(identity.Jurisdiction) bool) []LeftOut {
	all := without(slices.Concat(parties...), func(l LeftOut) bool { return l.none() || !told(l.Name) })
	slices.SortFunc(all, func(a, b LeftOut) int { return compareNames(a.Name, b.Name) })
	if len(all) == 0 {
		return nil
	}
	return all
}

// heardOf returns whether a share tells of the records of a name: of an answered member, or beside
// the roster.
func heardOf(members []Place, missing map[identity.Jurisdiction]bool, extra []Extra) func(identity.Jurisdiction) bool {
	told := make(map[identity.Jurisdiction]bool, len(members)+len(extra))
	for _, p := range members {
		told[p.Name] = !missing[p.Name]
	}
	for _, e := range extra {
		told[e.Name] = true
	}
	return func(name identity.Jurisdiction) bool { return told[name] }
}

func missingNames(all []Missing) map[identity.Jurisdiction]bool {
	names := make(map[identity.Jurisdiction]bool, len(all))
	for _, m := range all {
		names[m.Name] = true
	}
	return names
}

// leftOutFits is invariant ix: what is left out is of somebody whose records are told, once, in
// order, and no more than was looked at.
func (c *checking) leftOutFits() error {
	told := heardOf(c.members, missingNames(c.Missing), c.Extra)
	for i, l := range c.LeftOut {
		if !told(l.Name) || !l.fits() || i > 0 && compareNames(c.LeftOut[i-1].Name, l.Name) >= 0 {
			return wrong("%s left out %d and %d of %d records: no answer of it is told, it stands twice or out of order, or that is no number of records",
				l.Name, l.Incomparable, l.Unreadable, l.Of)
		}
	}
	return nil
}
