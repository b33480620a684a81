package gather

import (
	"crypto/sha256"
	"maps"
	"slices"
	"strings"

	"xietong/certs/identity"
)

// Kind names the fault of a share that a jurisdiction signed.
type Kind string

// The kinds. A kind is proven if the signed answers alone prove it: the answer of the hop, and the
// answers of its children.
const (
	DoesNotAdd   Kind = "does-not-add" // the share breaks an invariant of every share. Proven
	Unsigned     Kind = "unsigned"     // a listed answer is not signed, or is not what it is listed as. Proven
	Dropped      Kind = "dropped"      // a listed answer is not in the sum. Proven
	Doubled      Kind = "doubled"      // a child's answer is counted twice. Proven
	Invented     Kind = "invented"     // the share counts more than was answered. Proven
	Altered      Kind = "altered"      // the sum, or the missing, contradict the answers. Proven
	Withheld     Kind = "withheld"     // a listed answer is not shown. Not proven: it may come yet
	Contradicted Kind = "contradicted" // a missing child shows an answer. Not proven: lines break
)

// Proven reports whether the signed answers prove a fault of this kind to anybody.
func (k Kind) Proven() bool { return k != Withheld && k != Contradicted }

// Lie is a fault of a share: the jurisdiction that signed it, the kind, and the child that the
// fault is about. About is zero if the fault is not about one child.
type Lie struct {
	By    identity.Jurisdiction
	Kind  Kind
	About identity.Jurisdiction
}

// Said is what a jurisdiction signed in answer to the request.
type Said struct {
	Content []byte // of a share
	Refusal *Why   // not nil: it refused
}

// Verify proves that a jurisdiction signed an answer to the request, and returns what it said.
type Verify func(by identity.Jurisdiction, answer []byte) (Said, error)

// Child returns what a child said as a hop takes it.
func (s Said) Child(name identity.Jurisdiction, answer []byte) Child {
	c := Child{Name: name, Answer: answer, Why: s.Refusal}
	if s.Refusal == nil {
		c.Share, c.Wrong = Decode(s.Content)
	}
	return c
}

// Audit compares a share that the jurisdiction at signed with the answers of its children, by
// adding them up once more. shown holds the answers of the children that the share lists, as at
// shows them, and the answers that other children show themselves. Audit returns the faults that it
// finds: at most one of at, and those of the children that signed what does not add up.
func (s Share) Audit(q Question, r Roster, at identity.Jurisdiction, shown map[identity.Jurisdiction][]byte, verify Verify) (lies []Lie) {
	a := audit{Share: s, ground: groundOf(q, r), at: at}
	if err := s.check(a.ground, at); err != nil {
		return []Lie{{By: at, Kind: DoesNotAdd}}
	}
	var parts []Child
	for _, l := range s.Shares {
		part, faults := a.part(l, shown, verify)
		lies, parts = append(lies, faults...), append(parts, part)
	}
	if slices.ContainsFunc(lies, func(l Lie) bool { return l.By == at }) {
		return lies
	}
	if lie := a.compare(parts); lie != nil {
		return append(lies, *lie)
	}
	for _, child := range slices.SortedFunc(maps.Keys(shown), compareNames) {
		listed := slices.ContainsFunc(s.Shares, func(l Listed) bool { return l.Child == child })
		if above, _ := child.Parent(); listed || above != at || len(a.ground.at(child)) == 0 {
			continue
		}
		said, err := verify(child, shown[child])
		if part := said.Child(child, nil); err == nil && part.Why == nil && part.Wrong == nil && part.Share.check(a.ground, child) == nil {
			return append(lies, Lie{By: at, Kind: Contradicted, About: child})
		}
	}
	return lies
}

// audit is a share that is compared with the answers of the children.
type audit struct {
	Share
	*ground
	at identity.Jurisdiction
}

// part checks that a listed answer is signed, and is what it is listed as. A child that signed what
// does not add up is named, and a hop that added it in too.
func (a audit) part(l Listed, shown map[identity.Jurisdiction][]byte, verify Verify) (part Child, lies []Lie) {
	answer, ok := shown[l.Child]
	if hash := sha256.Sum256(answer); !ok || !slices.Equal(hash[:], l.Hash) {
		return part, []Lie{{By: a.at, Kind: Withheld, About: l.Child}}
	}
	said, err := verify(l.Child, answer)
	if err != nil {
		return part, []Lie{{By: a.at, Kind: Unsigned, About: l.Child}}
	}
	part = said.Child(l.Child, answer)
	bad := part.Why == nil && (part.Wrong != nil || part.Share.check(a.ground, l.Child) != nil)
	if bad {
		lies = append(lies, Lie{By: l.Child, Kind: DoesNotAdd})
	}
	switch {
	case l.Outcome == Rejected && part.Why == nil && !bad:
		lies = append(lies, Lie{By: a.at, Kind: Dropped, About: l.Child})
	case bad != (l.Outcome == Rejected), (part.Why != nil) != (l.Outcome == Declined):
		lies = append(lies, Lie{By: a.at, Kind: Unsigned, About: l.Child})
	}
	return part, lies
}

// compare checks that the share is what the jurisdiction's own count and the parts come to: key by
// key, and of each child the same missing, extra and left out, word for word. What the share says
// of children that answered nothing, and of itself, is taken as it stands. So are the words in
// which it tells what is wrong with a rejected answer, since the next version of the program may
// put them otherwise.
func (a audit) compare(parts []Child) *Lie {
	m := newMerge(a.ground, a.at)
	var want Share
	outcomes := map[identity.Jurisdiction]Outcome{}
	for _, l := range a.Shares {
		outcomes[l.Child] = l.Outcome
	}
	for _, missing := range a.Missing {
		if child := branch(a.at, missing.Name); outcomes[child] != Added {
			m.why[child] = missing.Why
		}
	}
	if a.AsOf != nil {
		want.AsOf, want.Own, want.Answered = a.AsOf, a.Own, 1
		m.parties = append(m.parties, party{a.at, a.Own})
	}
	for i, e := range a.Extra {
		if e.Name == a.at {
			m.extras = append(m.extras, a.Extra[i:i+1])
		}
	}
	for i, l := range a.LeftOut {
		if l.Name == a.at {
			m.left = append(m.left, a.LeftOut[i:i+1])
		}
	}
	for i, p := range parts {
		if a.Shares[i].Outcome != Rejected {
			m.child(&want, p)
		}
	}
	m.account(&want)
	sum, told, err := m.sum()
	if err != nil {
		return &Lie{By: a.at, Kind: Altered}
	}
	if d := differenceOf(a.Groups, sum); len(d.keys) > 0 {
		return d.lie(a.at, told)
	}
	extra := extrasOf(m.extras)
	left := leftOutsOf(m.left, heardOf(m.members, missingNames(want.Missing), extra))
	if want.Answered == a.Answered && slices.EqualFunc(a.Missing, want.Missing, sameMissing) &&
		slices.EqualFunc(a.Extra, extra, sameExtra) && slices.Equal(a.LeftOut, left) {
		return nil
	}
	for _, p := range parts {
		missing := func(m Missing) bool { return !m.Name.Under(p.Name) }
		beside := func(e Extra) bool { return !e.Name.Under(p.Name) }
		silent := func(l LeftOut) bool { return !l.Name.Under(p.Name) }
		if !slices.EqualFunc(without(a.Missing, missing), without(want.Missing, missing), sameMissing) ||
			!slices.EqualFunc(without(a.Extra, beside), without(extra, beside), sameExtra) ||
			!slices.Equal(without(a.LeftOut, silent), without(left, silent)) {
			return &Lie{By: a.at, Kind: Altered, About: p.Name}
		}
	}
	return &Lie{By: a.at, Kind: Altered}
}

// difference compares groups with the totals that they should be.
type difference struct {
	got  map[string]Group
	want totals
	keys map[string]bool // of the groups that differ
}

func differenceOf(groups []Group, want totals) difference {
	d := difference{got: make(map[string]Group, len(groups)), want: want, keys: map[string]bool{}}
	for _, g := range groups {
		key := keyOf(g)
		d.got[key] = g
		if want.of[key] == nil {
			d.keys[key] = true
		}
	}
	for key, t := range want.of {
		if !d.is(key, t) {
			d.keys[key] = true
		}
	}
	return d
}

// is reports whether the group with the key equals the total. A total of no groups must have no
// group. No group equals a total that has too many digits to be told.
func (d difference) is(key string, t *total) bool {
	got, told := d.got[key]
	if t.from == 0 {
		return !told
	}
	want, err := t.group(d.want.f)
	return told && err == nil && sameGroup(got, want)
}

// explains reports whether the whole difference comes from doing one thing to a part: counting it
// once more, or leaving it out.
func (d difference) explains(part []Group, done func(*total, Function, Group) *total) bool {
	left := len(d.keys)
	for _, g := range part {
		key := keyOf(g)
		if !d.is(key, done(d.want.of[key], d.want.f, g)) {
			return false
		}
		if d.keys[key] {
			left--
		}
	}
	return left == 0
}

// lie returns the fault that explains the difference.
func (d difference) lie(at identity.Jurisdiction, parts []party) *Lie {
	for _, p := range parts {
		switch {
		case p.name == at:
		case d.explains(p.groups, (*total).plus):
			return &Lie{By: at, Kind: Doubled, About: p.name}
		case d.explains(p.groups, (*total).minus):
			return &Lie{By: at, Kind: Dropped, About: p.name}
		}
	}
	return &Lie{By: at, Kind: d.kind()}
}

// kind returns Invented if some count is more than the answers come to and none is less, and
// Altered otherwise, also if only amounts differ.
func (d difference) kind() Kind {
	more := false
	for key := range d.keys {
		got, want := d.got[key], d.want.of[key]
		if want == nil {
			want = &total{}
		}
		if got.Count < want.count || got.With < want.with {
			return Altered
		}
		more = more || got.Count > want.count || got.With > want.with
	}
	if more {
		return Invented
	}
	return Altered
}

func without[T any](all []T, is func(T) bool) []T { return slices.DeleteFunc(slices.Clone(all), is) }

func compareNames(a, b identity.Jurisdiction) int { return strings.Compare(a.String(), b.String()) }

func sameExtra(a, b Extra) bool {
	return a.Name == b.Name && a.AsOf == b.AsOf && sameGroup(a.Records, b.Records)
}

func sameMissing(a, b Missing) bool {
	return a.Name == b.Name && a.State == b.State && a.By == b.By && a.Code == b.Code && slices.Equal(a.Args, b.Args) && a.Heard == b.Heard
}
