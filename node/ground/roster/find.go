package roster

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"xietong/certs/identity"
)

// How near a typed text comes to a place; the lowest that any place has decides.
const (
	byWhole   = iota // its whole name
	byWritten        // its code, its label or one of its own names, as it is written, in any width and case
	byName           // the same, of which letters and digits alone count
	byUse            // a name without the generic
	byChain          // any of these after names of places above it: 贵阳市南明区
	byNone
)

const (
	maxTyped = 256    // characters of a text that is compared
	maxSteps = 10_000 // comparisons for one text, of 10 to 100 µs; what needs more is not found
)

// finder is the index of the keys of all places, built at the first question.
type finder struct {
	once  sync.Once
	forms []form
}

// form is one key of a place. The key itself is made anew when it is needed: an index of 60,000
// places has 10 MB so.
type form struct {
	hash  uint64
	bits  uint64 // the characters of the key, each as one bit
	place int32
	size  uint16 // characters
}

var seed = maphash.MakeSeed()

// index returns the forms in the order of their hashes.
func (l *list) index() []form {
	l.finder.once.Do(func() {
		for i, p := range l.places {
			for _, k := range p.all() {
				f := formOf(k)
				f.place = int32(i)
				l.finder.forms = append(l.finder.forms, f)
			}
		}
		slices.SortFunc(l.finder.forms, func(a, b form) int {
			return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.place, b.place))
		})
		l.finder.forms = slices.CompactFunc(l.finder.forms, func(a, b form) bool { return a.hash == b.hash && a.place == b.place })
	})
	return l.finder.forms
}

func formOf(k string) form {
	f := form{hash: maphash.String(seed, k), size: uint16(min(utf8.RuneCountInString(k), 1<<16-1))}
	for _, c := range k {
		f.bits |= 1 << (c % 64)
	}
	return f
}

// having returns the numbers of the places that may have the key, in their order.
func (l *list) having(k string) (places []int32) {
	all, hash := l.index(), maphash.String(seed, k)
	at, _ := slices.BinarySearchFunc(all, hash, func(f form, hash uint64) int { return cmp.Compare(f.hash, hash) })
	for ; at < len(all) && all[at].hash == hash; at++ {
		places = append(places, all[at].place)
	}
	return places
}

// Meant returns the places of the list that a person means by a text: the one that has it as its
// whole name, or else those that have it, as it is written, as own name or label, or else so in
// letters and digits, or else as name without the generic, or else so after names of places above
// it, or, written with points or commas, before them. Those whose code it is come beside them,
// whatever it is to the others: so nobody takes the code of a place by a name, nor its name by a
// code. No place: the list has none. Several: the person has to say which.
func (r *Roster) Meant(typed string) []Place {
	_, all := r.meant(typed, func(Place) bool { return true })
	return all
}

// MeantBelow is Meant among the places directly below a jurisdiction.
func (r *Roster) MeantBelow(parent identity.Jurisdiction, typed string) []Place {
	_, all := r.meant(typed, func(p Place) bool {
		above, below := p.Name.Parent()
		return below && above == parent
	})
	return all
}

func (r *Roster) meant(typed string, among func(Place) bool) (near int, all []Place) {
	if whole, ok := r.whole(typed); ok && among(whole) {
		return byWhole, []Place{whole}
	}
	return r.searched(typed).meant(typed, among)
}

// meant is Meant without whole names, but for one with blanks in place of the points.
func (s *search) meant(typed string, among func(Place) bool) (near int, all []Place) {
	if utf8.RuneCountInString(typed) > maxTyped {
		return byNone, nil
	}
	found := nothing
	if whole, ok := s.r.whole(pointed(typed)); ok && among(whole) {
		found.codes.add(byWritten, s.r.at[whole.Name])
	}
	for _, k := range spellings(typed) {
		for at := range k {
			for _, i := range s.r.having(k[at:]) {
				if p := s.r.places[i]; s.left >= 0 && among(p) {
					found.compare(s, p, k, i)
				}
			}
			if at == 0 && found.names.near < byChain {
				break // no longer name comes before these
			}
		}
	}
	if s.left < 0 {
		return byNone, nil
	}
	return min(found.names.near, found.codes.near), found.of(s.r.places)
}

// matches are the places that a text comes nearest to by what they are called, their label
// included, and those by their code, or by the whole name with blanks.
type matches struct{ names, codes nearest }

// nearest are the numbers of the places that are nearest.
type nearest struct {
	near   int
	places []int32
}

var nothing = matches{nearest{near: byNone}, nearest{near: byNone}}

func (m *matches) compare(s *search, p Place, k string, i int32) {
	name, code := s.nearness(p, k)
	m.names.add(name, i)
	m.codes.add(code, i)
}

func (n *nearest) add(near int, i int32) {
	switch {
	case near >= byNone || near > n.near:
	case near < n.near:
		*n = nearest{near, []int32{i}}
	default:
		n.places = append(n.places, i)
	}
}

// of returns the places of the matches, in their order.
func (m matches) of(places []Place) (all []Place) {
	numbers := m.names.places
	if m.names.near != byWhole {
		numbers = slices.Concat(numbers, m.codes.places)
	}
	slices.Sort(numbers)
	for _, i := range slices.Compact(numbers) {
		all = append(all, places[i])
	}
	return all
}

// whole returns the place that has the text as its whole name, in any width and case.
func (r *Roster) whole(typed string) (Place, bool) {
	name, err := identity.ParseJurisdiction(WholeName(typed))
	if err != nil {
		return Place{}, false
	}
	if _, below := name.Parent(); !below && name != r.Root() {
		return Place{}, false
	}
	return r.Of(name)
}

// Among returns those of the places that a person means by a text, as Meant does. The places need
// not be in the list; those above them are taken from it.
func (r *Roster) Among(places []Place, typed string) []Place {
	if utf8.RuneCountInString(typed) > maxTyped {
		return nil
	}
	s, found := r.searched(typed), nothing
	for i, p := range places {
		for _, k := range spellings(typed) {
			found.compare(s, p, k, int32(i))
		}
		if WholeName(typed) == p.Name.String() {
			found.names.add(byWhole, int32(i))
		}
		if WholeName(pointed(typed)) == p.Name.String() {
			found.codes.add(byWritten, int32(i))
		}
	}
	if s.left < 0 {
		return nil
	}
	return found.of(places)
}

// WholeName returns a text as the name of a jurisdiction is written: in half width and lower case,
// with points for those of Chinese and without blanks.
func WholeName(typed string) string {
	var b strings.Builder
	for i, part := range parts(typed) {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(strings.ToLower(narrow(part)))
	}
	return b.String()
}

// pointed returns a text with points for its blanks.
func pointed(typed string) string { return strings.Join(strings.Fields(typed), ".") }

// spellings returns the keys of a text: that of the whole and, where points or commas divide it,
// that of its parts in the other order, in which an address in English is written.
func spellings(typed string) []string {
	all := keys(typed)
	if divided := parts(typed); len(divided) > 1 {
		slices.Reverse(divided)
		all = append(all, keys(strings.Join(divided, " "))...)
	}
	return all
}

// search compares one text with places, within a bound.
type search struct {
	r     *Roster
	typed [2]string // the text, and the text in half width
	left  int       // steps
}

func (r *Roster) searched(typed string) *search {
	return &search{r: r, typed: [2]string{strings.TrimSpace(typed), narrow(typed)}, left: maxSteps}
}

// wrote reports whether the text is one of the names, in any width and case.
func (s *search) wrote(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return name != "" && (strings.EqualFold(name, s.typed[0]) || strings.EqualFold(name, s.typed[1]))
	})
}

// nearness returns how near a key comes to what a place is called, and to its code.
func (s *search) nearness(p Place, k string) (name, code int) {
	s.left--
	code = byNone
	switch {
	case s.wrote(p.Code):
		code = byWritten
	case k == key(p.Code):
		code = byName
	}
	label, proper, loose := p.Name.Label().String(), p.proper(), p.loose()
	switch {
	case s.wrote(append(p.called(), label)...):
		return byWritten, code
	case slices.Contains(proper, k), k == key(label):
		return byName, code
	case slices.Contains(loose, k):
		return byUse, code
	case s.after(p, k, slices.Concat(proper, loose)):
		return byChain, code
	}
	return byNone, code
}

// after reports whether the key is one of the place's own after those of places above it.
func (s *search) after(p Place, k string, own []string) bool {
	for _, name := range own {
		if above, ok := strings.CutSuffix(k, name); ok && above != "" && s.above(p.Name, above) {
			return true
		}
	}
	return false
}

// above reports whether the key is made up of the keys of places above a jurisdiction, from the top
// down; some may be left out.
func (s *search) above(name identity.Jurisdiction, k string) bool {
	for parent, below := name.Parent(); below && s.left > 0; parent, below = parent.Parent() {
		p, listed := s.r.Of(parent)
		if !listed {
			continue
		}
		s.left--
		own := slices.Concat(p.proper(), p.loose())
		if slices.Contains(own, k) || s.after(p, k, own) {
			return true
		}
	}
	return false
}
