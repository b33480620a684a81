package gather

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"xietong/certs/identity"
)

// Kind is what is wrong with a share that a jurisdiction signed.
type Kind string

// The kinds. What is proven is so by the answers alone: that of the hop and those that it was given.
const (
	DoesNotAdd   Kind = "does-not-add" // it breaks an invariant of every share. Proven
	Unsigned     Kind = "unsigned"     // it lists an answer that the child did not sign, or that does not add up. Proven
	Dropped      Kind = "dropped"      // it lists a child's answer, and left it out of the sum. Proven
	Doubled      Kind = "doubled"      // it counted a child's answer twice. Proven
	Invented     Kind = "invented"     // it counts more than anybody answered. Proven
	Altered      Kind = "altered"      // its sum, or what it says of who is missing, is another than what its children say. Proven
	Withheld     Kind = "withheld"     // it does not show an answer that it lists. Not proven: it may be on its way
	Contradicted Kind = "contradicted" // it tells a child as missing that shows an answer. Not proven: the line may have broken
)

// Proven reports whether the answers prove it to anybody.
func (k Kind) Proven() bool { return k != Withheld && k != Contradicted }

// Lie is what is wrong, by whom, and about which child; About is zero where it is about no one in particular.
type Lie struct {
	By    identity.Jurisdiction
	Kind  Kind
	About identity.Jurisdiction
}

func (l *Lie) Error() string { return fmt.Sprintf("share of %s: %s %s", l.By, l.Kind, l.About) }

// Verify proves that a jurisdiction signed an answer to the request, and returns the share that it holds.
type Verify func(by identity.Jurisdiction, answer []byte) (Share, error)

// Audit compares what a jurisdiction answered with what its children answered: those that it lists, as it shows them, and any
// other that shows its own answer. It returns nil where all is well. The error says that the answer itself is not proven to be
// the jurisdiction's; then nothing is said of it.
func Audit(q Question, r Roster, at identity.Jurisdiction, answer []byte, shown map[identity.Jurisdiction][]byte, verify Verify) (*Lie, error) {
	share, err := verify(at, answer)
	if err != nil {
		return nil, fmt.Errorf("audit %s: %w", at, err)
	}
	return share.Audit(q, r, at, shown, verify), nil
}

// Audit is Audit for a share that is known to be the jurisdiction's.
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
	if lie := s.compare(at, parts); lie != nil {
		return lie
	}
	for child, answer := range shown {
		listed := slices.ContainsFunc(s.Shares, func(l Listed) bool { return l.Child == child })
		if above, _ := child.Parent(); listed || above != at {
			continue
		}
		if _, err := verify(child, answer); err == nil {
			return &Lie{By: at, Kind: Contradicted, About: child}
		}
	}
	return nil
}

// compare holds that the share is the sum of its own and the parts, and says of those below them what they say.
func (s Share) compare(at identity.Jurisdiction, parts []Child) *Lie {
	sum := merge{sum: map[string]Group{}}
	sum.add(s.Own)
	answered := uint64(0)
	if s.AsOf != nil {
		answered = 1
	}
	for _, p := range parts {
		sum.add(p.Share.Groups)
		answered += p.Share.Answered
	}
	if diff := difference(s.Groups, sum.groups()); len(diff) > 0 {
		return nameOf(at, diff, parts)
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

// difference returns by how much each group is more than it should be.
func difference(got, want []Group) map[string]int64 {
	diff := map[string]int64{}
	for _, g := range got {
		diff[keyOf(g)] += int64(g.Count)
	}
	for _, g := range want {
		diff[keyOf(g)] -= int64(g.Count)
	}
	maps.DeleteFunc(diff, func(_ string, n int64) bool { return n == 0 })
	return diff
}

// nameOf says what was done to make the difference.
func nameOf(at identity.Jurisdiction, diff map[string]int64, parts []Child) *Lie {
	for _, p := range parts {
		switch part := difference(p.Share.Groups, nil); {
		case len(part) == 0:
		case maps.Equal(diff, part):
			return &Lie{By: at, Kind: Doubled, About: p.Name}
		case maps.EqualFunc(diff, part, func(a, b int64) bool { return a == -b }):
			return &Lie{By: at, Kind: Dropped, About: p.Name}
		}
	}
	for _, n := range diff {
		if n < 0 {
			return &Lie{By: at, Kind: Altered}
		}
	}
	return &Lie{By: at, Kind: Invented}
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

// Sample chooses n of the listed children, or all where there are no more, by a seed.
func (s Share) Sample(n int, seed uint64) (some []identity.Jurisdiction) {
	order := rand.New(rand.NewPCG(seed, 0)).Perm(len(s.Shares))
	for _, i := range order[:min(max(n, 0), len(order))] {
		some = append(some, s.Shares[i].Child)
	}
	return some
}
