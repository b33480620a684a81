// Package policy is the one place that decides whether data may be used.
//
// Decide takes everything that bears on a use (who asks, their place in the tree, what for, which fields, under which
// grant) as values, time included, and returns allow, "an application is needed first", or a refusal with its reason.
// It never reads state, a clock or the network, and nothing else in Xietong decides about a use: the rooms that hold
// data ask here, and Apply only checks that what was decided on still stands.
//
// The three sharing categories of the Regulation on Government Data Sharing (国令809 art 14) are its ready-made policies:
//
//	unconditional   any agency; the first use files an application, answered by rule (arts 20, 21)
//	conditional     only under a grant that the provider answered by hand (art 21)
//	not shared      refused with the citation in the catalogue entry (art 15); the provider's own records excepted
//
// Whoever adopts a standard entry lets those above count all its records for the purposes that the entry names, by a standing
// permission: nothing else, nobody else, and revocable like any other.
//
// Nobody is exempt, superiors included. The providing agency itself looks up its own records without a grant, and that
// use is logged like any other.
package policy

import (
	"slices"
	"time"

	"xietong/certs/identity"
)

// Category is a catalogue entry's sharing category (国令809 art 14).
type Category uint8

// The sharing categories; the numbers are those of the catalogue format and are never changed.
const (
	Unconditional Category = 1 // 无条件共享
	Conditional   Category = 2 // 有条件共享
	NotShared     Category = 3 // 不予共享
)

var categoryNames = map[Category]string{
	Unconditional: "unconditional", Conditional: "conditional", NotShared: "not-shared",
}

// ParseCategory parses a category's name; ok is false for any other text.
func ParseCategory(s string) (c Category, ok bool) {
	for c, name := range categoryNames {
		if name == s {
			return c, true
		}
	}
	return 0, false
}

func (c Category) String() string { return categoryNames[c] }

// Relation is where the consumer's jurisdiction stands, seen from the provider's.
type Relation uint8

// The relations.
const (
	Self Relation = iota + 1
	Ancestor
	Descendant
	Sibling
	Distant
)

// RelationOf returns where consumer stands, seen from provider.
func RelationOf(provider, consumer identity.Jurisdiction) Relation {
	switch {
	case consumer == provider:
		return Self
	case provider.Under(consumer):
		return Ancestor
	case consumer.Under(provider):
		return Descendant
	}
	p, ok := provider.Parent()
	c, ok2 := consumer.Parent()
	if ok && ok2 && p == c {
		return Sibling
	}
	return Distant
}

// Offer is what the catalogue says of the dataset.
type Offer struct {
	Provider identity.Agency
	Category Category
	Citation string // the law that forbids sharing, for NotShared
	Purposes []string
	Fields   []string
	Counts   []string // the purposes for which those above may count all records: the standard entry that it adopts says so
	GroupBy  []string // the fields by whose values they may have that told
}

// Permission is the grant that the consumer relies on; the zero value is none.
type Permission struct {
	Purpose string
	Fields  []string // empty: all fields
	Until   time.Time
	Revoked bool
	// Standing is a permission that an adopted standard entry gives to whoever stands above, to count all records, without end.
	Standing bool
}

// Use is one intended use of a dataset.
type Use struct {
	Consumer identity.Agency
	Purpose  string
	Fields   []string // the fields asked for or compared
	Counting bool     // only the number of all records is asked for
	GroupBy  string   // the field by whose values it is told; "": one number
	At       time.Time
}

// Verdict is what was decided.
type Verdict uint8

// The verdicts. A refusal names its reason; the sentence that a person reads is the text room's.
const (
	Allowed Verdict = iota + 1
	NeedsApplication
	NoPurpose
	UnknownPurpose
	UnknownField
	FieldNotGranted
	ForbiddenByLaw
	NeedsGrant
	GrantRevoked
	GrantExpired
)

// Decide says whether the use is allowed. The order of the checks is part of what people see: what is wrong with the
// question is said before what is wrong with the permission.
func Decide(o Offer, g *Permission, u Use) Verdict {
	switch {
	case u.Purpose == "":
		return NoPurpose
	case !slices.Contains(o.Purposes, u.Purpose):
		return UnknownPurpose
	case !containsAll(o.Fields, u.Fields):
		return UnknownField
	case u.Consumer == o.Provider:
		return Allowed
	case o.Category == NotShared:
		return ForbiddenByLaw
	case g != nil && g.Standing:
		return underStanding(o, g, u)
	case g == nil && o.Category == Conditional:
		return NeedsGrant
	case g == nil || g.Purpose != u.Purpose:
		return NeedsApplication
	}
	return underGrant(g, u)
}

// underStanding says whether a standing permission covers the use: a count of everything, by whoever stands above, for a purpose
// that the entry names.
func underStanding(o Offer, g *Permission, u Use) Verdict {
	above := RelationOf(o.Provider.Jurisdiction(), u.Consumer.Jurisdiction()) == Ancestor
	switch {
	case u.GroupBy != "" && !slices.Contains(o.GroupBy, u.GroupBy), !u.Counting || !above || !slices.Contains(o.Counts, u.Purpose) || g.Purpose != u.Purpose:
		return NeedsApplication
	case g.Revoked:
		return GrantRevoked
	}
	return Allowed
}

func underGrant(g *Permission, u Use) Verdict {
	switch {
	case g.Revoked:
		return GrantRevoked
	case !u.At.Before(g.Until):
		return GrantExpired
	case len(g.Fields) > 0 && !containsAll(g.Fields, u.Fields):
		return FieldNotGranted
	}
	return Allowed
}

func containsAll(all, some []string) bool {
	for _, s := range some {
		if !slices.Contains(all, s) {
			return false
		}
	}
	return true
}
