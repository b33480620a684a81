package roster

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/width"

	"xietong/certs/identity"
	"xietong/node/ground/text"
)

const (
	// MaxNear is the greatest number of places that are named because a text may mean them.
	MaxNear = 5

	maxDistance = 3
	maxNear     = 64 // characters of a text that is compared
)

// Near returns the places that are spelled nearly as the text, the nearest first, at most MaxNear.
// In a name that is near, at most a third of the characters of the text would have to change; this
// limit is at least one character and at most three. Where no place is, those below a place that
// the text begins with are compared with the rest.
func (r *Roster) Near(typed string) []Place { return r.near(typed, func(Place) bool { return true }) }

// NearBelow is Near among the places directly below a jurisdiction.
func (r *Roster) NearBelow(parent identity.Jurisdiction, typed string) []Place {
	return r.near(typed, func(p Place) bool {
		above, below := p.Name.Parent()
		return below && above == parent
	})
}

func (r *Roster) near(typed string, among func(Place) bool) []Place {
	k := key(typed)
	if utf8.RuneCountInString(k) > maxNear {
		return nil
	}
	if county := countyOf(k); county != "" {
		if found := slices.DeleteFunc(r.Meant(county), func(p Place) bool { return !among(p) }); len(found) > 0 {
			return found
		}
	}
	left := maxSteps
	if found := r.spelled(k, among, &left); len(found) > 0 {
		return found
	}
	return r.spelledBelow(k, among, &left)
}

// spelledBelow returns the places below one that the key begins with whose keys are nearly its
// rest.
func (r *Roster) spelledBelow(k string, among func(Place) bool, left *int) (found []Place) {
	s := search{r: r, left: maxSteps}
	for at := len(k) - 1; at > 0 && len(found) == 0; at-- {
		if !utf8.RuneStart(k[at]) {
			continue
		}
		if _, above := s.meant(k[:at], func(Place) bool { return true }); len(above) == 1 {
			found = r.spelled(k[at:], func(p Place) bool { return among(p) && p.Name != above[0].Name && p.Name.Under(above[0].Name) }, left)
		}
	}
	return found
}

// countyOf returns the code of the county that the code of a township or village begins with; "" of
// other texts.
func countyOf(k string) string {
	if len(k) != townshipLen && len(k) != villageLen || strings.Trim(k, "0123456789") != "" {
		return ""
	}
	return k[:codeLen]
}

// spelled returns the places that have a key nearly as this one. left counts the comparisons that
// it may make still; those that it does not come to are not found.
func (r *Roster) spelled(k string, among func(Place) bool, left *int) (out []Place) {
	typed, wanted := []rune(k), formOf(k)
	allowed := min(max(1, len(typed)/3), maxDistance)
	distances := map[int32]int{}
	for _, f := range r.index() {
		if f.far(wanted, allowed) || !among(r.places[f.place]) {
			continue
		}
		if *left--; *left < 0 {
			break
		}
		if d := r.places[f.place].distance(typed); d <= allowed {
			distances[f.place] = d
		}
	}
	var found []int32
	for i := range distances {
		found = append(found, i)
	}
	slices.SortFunc(found, func(a, b int32) int {
		return cmp.Or(cmp.Compare(distances[a], distances[b]), cmp.Compare(a, b))
	})
	for _, i := range found[:min(len(found), MaxNear)] {
		out = append(out, r.places[i])
	}
	return out
}

// far reports that more characters than allowed differ: each that one has and the other has not
// must be put in, taken out or replaced.
func (f form) far(of form, allowed int) bool {
	longer := max(f.size, of.size) - min(f.size, of.size)
	return int(longer) > allowed || bits.OnesCount64(f.bits&^of.bits) > allowed || bits.OnesCount64(of.bits&^f.bits) > allowed
}

// distance returns how many characters must change to make a name of the place of the text.
func (p Place) distance(typed []rune) int {
	best := len(typed) + maxDistance
	for _, k := range p.all() {
		best = min(best, text.Distance(typed, []rune(k)))
	}
	return best
}

func narrow(s string) string { return strings.TrimSpace(width.Narrow.String(s)) }

// parts divides a text at points and commas.
func parts(typed string) []string {
	return strings.FieldsFunc(typed, func(c rune) bool { return strings.ContainsRune(".．。｡,，、", c) })
}
