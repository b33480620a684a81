package gather

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"xietong/certs/identity"
)

// Kind names the fault of a share that a jurisdiction signed.
type Kind string

// The kinds. A kind is proven if the signed answers alone prove it: the answer of the hop, and the
// answers of its children.
const (
	DoesNotAdd   Kind = "does-not-add" // the share breaks an invariant of every share. Proven
	Unsigned     Kind = "unsigned"     // a listed answer is not signed, or does not add up. Proven
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

func (l *Lie) Error() string { return fmt.Sprintf("share of %s: %s %s", l.By, l.Kind, l.About) }

// Verify proves that a jurisdiction signed an answer to the request, and returns the share in the
// answer.
type Verify func(by identity.Jurisdiction, answer []byte) (Share, error)

// Audit compares a share that the jurisdiction at signed with the answers of its children. shown
// holds the answers of the children that the share lists, as at shows them, and the answers that
// other children show themselves. Audit returns the first fault that it finds, or nil.
func (s Share) Audit(q Question, r Roster, at identity.Jurisdiction, shown map[identity.Jurisdiction][]byte, verify Verify) *Lie {
	if err := s.Check(q, r, at); err != nil {
		return &Lie{By: at, Kind: DoesNotAdd}
	}
	var parts []Child
	for _, l := range s.Shares {
		answer, ok := shown[l.Child]
		if hash := sha256.Sum256(answer); !ok || !slices.Equal(hash[:], l.Hash) {
			return &Lie{By: at, Kind: Withheld, About: l.Child}
		}
		part, err := verify(l.Child, answer)
		if err != nil || part.Check(q, r, l.Child) != nil {
			return &Lie{By: at, Kind: Unsigned, About: l.Child}
		}
		parts = append(parts, Child{Name: l.Child, Answer: answer, Share: part})
	}
	if lie := s.compare(q, at, parts); lie != nil {
		return lie
	}
	for child, answer := range shown {
		listed := slices.ContainsFunc(s.Shares, func(l Listed) bool { return l.Child == child })
		if above, _ := child.Parent(); listed || above != at {
			continue
		}
		if part, err := verify(child, answer); err == nil && part.Check(q, r, child) == nil {
			return &Lie{By: at, Kind: Contradicted, About: child}
		}
	}
	return nil
}

// compare checks that the share is the sum of its own groups and the parts, and that it tells the
// same missing and extra members as the parts.
func (s Share) compare(q Question, at identity.Jurisdiction, parts []Child) *Lie {
	sum := newTotals(q.Function)
	sum.add(s.Own)
	answered := uint64(0)
	if s.AsOf != nil {
		answered = 1
	}
	for _, p := range parts {
		sum.add(p.Share.Groups)
		answered += p.Share.Answered
	}
	if d := differenceOf(s.Groups, sum); len(d.keys) > 0 {
		return d.lie(at, parts)
	}
	for _, p := range parts {
		missing := only(s.Missing, func(m Missing) bool { return m.Name.Under(p.Name) })
		extra := only(s.Extra, func(name identity.Jurisdiction) bool { return name.Under(p.Name) })
		if !slices.EqualFunc(missing, p.Share.Missing, sameMissing) || !slices.Equal(extra, p.Share.Extra) {
			return &Lie{By: at, Kind: Altered, About: p.Name}
		}
	}
	if answered != s.Answered {
		return &Lie{By: at, Kind: Altered}
	}
	return nil
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
func (d difference) lie(at identity.Jurisdiction, parts []Child) *Lie {
	for _, p := range parts {
		switch {
		case d.explains(p.Share.Groups, (*total).plus):
			return &Lie{By: at, Kind: Doubled, About: p.Name}
		case d.explains(p.Share.Groups, (*total).minus):
			return &Lie{By: at, Kind: Dropped, About: p.Name}
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

func only[T any](all []T, is func(T) bool) (some []T) {
	for _, v := range all {
		if is(v) {
			some = append(some, v)
		}
	}
	return some
}

func sameMissing(a, b Missing) bool {
	return a.Name == b.Name && a.State == b.State && a.By == b.By && a.Code == b.Code && slices.Equal(a.Args, b.Args) && a.Heard == b.Heard
}
