// Package policy is the one place that decides whether data may be used.
//
// Decide takes everything that bears on a use as values, time included: the asker and its place in
// the tree, the purpose, the fields, and the grant. It returns "allowed", "an application is needed
// first", or a refusal with its reason. It never reads state, a clock or the network. Nothing else
// in Xietong decides about a use: the rooms that hold data ask here, and Apply only checks that the
// facts behind the decision still stand.
//
// The three sharing categories of the Regulation on Government Data Sharing (国令809 art 14) are
// its ready-made policies:
//
//	unconditional   any agency; the first use files an application, answered by rule (arts 20, 21)
//	conditional     only under a grant that the provider gave by hand (art 21); one by rule from
//	                before, when the data were unconditional, counts no more
//	not shared      refused with the citation in the entry (art 15), except to the provider
//
// A provider that adopts a standard entry lets the agencies of all jurisdictions above it measure
// all its records for the purposes that the entry names, by an endless permission. The permission
// covers no other use and no other agency, and can be revoked like any other.
//
// After the provider revoked a grant of an agency, the jurisdiction of that agency gets no further
// grant by rule: its next one the provider gives by hand. Its other grants go on. What was given by
// hand is changed by hand, while it lasts: rule widens no such grant and gives it no later end.
//
// No agency is exempt, superiors included. The providing agency itself looks up its own records
// without a grant, and that use is logged like any other.
package policy

import (
	"maps"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/gather"
)

// Category is a catalogue entry's sharing category (国令809 art 14).
type Category uint8

// The sharing categories. Their numbers are those of the catalogue format, and never change.
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

// Relation is the place of the consumer's jurisdiction in the tree, seen from the provider's.
type Relation uint8

// The relations.
const (
	Self Relation = iota + 1
	Ancestor
	Descendant
	Sibling
	Distant
)

// RelationOf returns the place of consumer in the tree, seen from provider.
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

// Offer is the part of a dataset's catalogue entry that bears on a use.
type Offer struct {
	Provider identity.Agency
	Category Category
	Citation string // the law that forbids sharing, for NotShared
	Purposes []string
	Fields   []string
	// Counts are the purposes for which the jurisdictions above may measure all records, by the
	// adopted standard entry.
	Counts   []string
	GroupBy  []string // the fields by whose values a measure may be told
	Measures Measures // the functions of each field; the number of records needs none
}

// Measures are the functions that may be asked of each field, by the field's name, such as
// {"income": ["sum", "average"]}. The number of records may be asked without one.
type Measures map[string][]string

// Has reports whether m allows the measure. It allows the records themselves and their number
// always.
func (m Measures) Has(asked gather.Measure) bool {
	return asked.Function <= gather.Count || slices.Contains(m[asked.Field], asked.Function.String())
}

// Equal reports whether both allow the same functions of the same fields, in the same order.
func (m Measures) Equal(o Measures) bool { return maps.EqualFunc(m, o, slices.Equal[[]string]) }

// offers reports whether the entry declares the measure: its function, and each field of its
// groups. The number of records may be told by any field, to every asker that may see that field.
func (o Offer) offers(m gather.Measure) bool {
	return m.Function <= gather.Count || o.Measures.Has(m) && o.groups(m)
}

// groups reports whether the entry declares every field of the groups.
func (o Offer) groups(m gather.Measure) bool {
	return !slices.ContainsFunc(m.By, func(b gather.By) bool { return b.Field != "" && !slices.Contains(o.GroupBy, b.Field) })
}

// Permission is the grant that the consumer relies on.
type Permission struct {
	Purpose string
	Fields  []string // empty: all fields
	Until   time.Time
	Revoked bool
	ByHand  bool // a clerk of the provider gave it; false: by rule
	// Measures are the measures that the grant names, beside the number of records.
	Measures Measures
	// Endless marks a permission, given by an adopted standard entry, by which the agencies of
	// jurisdictions above measure all records, without end.
	Endless bool
}

// Use is one intended use of a dataset.
type Use struct {
	Consumer identity.Agency
	Purpose  string
	Fields   []string       // the fields asked for or compared
	Measure  gather.Measure // the zero value: the records themselves
	Whole    bool           // all records are asked for, without a condition
	Barred   bool           // a grant of the consumer's jurisdiction for the dataset was revoked
	Applies  bool           // the use brings an application
	Until    time.Time      // the end that the application asks for; zero: none
	At       time.Time
}

// LeastRenewal is by how much the end that an application asks for must be later than that of the
// grant, for the grant to be renewed. An end that is less later changes nothing: whoever asks for
// "a year from now" with every question would make a grant with each.
const LeastRenewal = 24 * time.Hour

// later reports whether the use asks for a later end than the permission has.
func (u Use) later(g *Permission) bool {
	return !u.Until.IsZero() && u.Until.Sub(g.Until) >= LeastRenewal
}

// Verdict is the result of Decide.
type Verdict uint8

// The verdicts. A refusal names its reason; package text holds the sentence that a person reads.
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
	MeasureNotOffered
	NoGrantByRule
	MeasureNotGranted
	NotRenewable // the grant covers the use, and its end is no later one by rule
	GrantEnded   // like GrantExpired, where the next one is given by hand
)

// Decide decides about the use; g is nil where the consumer has no grant. The order of the checks
// is part of the answer that people see: Decide names a fault of the question before a fault of the
// permission. Where a grant by rule would be the next step, and a grant of the consumer's
// jurisdiction was revoked, the provider must answer by hand.
func Decide(o Offer, g *Permission, u Use) Verdict {
	v := decide(o, g, u)
	if v == NeedsApplication && u.Barred {
		return NoGrantByRule
	}
	return v
}

func decide(o Offer, g *Permission, u Use) Verdict {
	switch {
	case u.Purpose == "":
		return NoPurpose
	case !slices.Contains(o.Purposes, u.Purpose):
		return UnknownPurpose
	case !containsAll(o.Fields, u.Fields):
		return UnknownField
	case u.Consumer == o.Provider:
		return Allowed
	case o.Category != Unconditional && o.Category != Conditional: // NotShared, or one that is not known here
		return ForbiddenByLaw
	case !o.offers(u.Measure):
		return MeasureNotOffered
	case g != nil && g.Endless:
		return underEndless(o, g, u)
	case o.Category == Conditional && (g == nil || !g.ByHand):
		return NeedsGrant
	case g == nil || g.Purpose != u.Purpose:
		return NeedsApplication
	}
	return underGrant(o, g, u)
}

// Stops reports whether the category of the entry lets nobody use the data under the permission,
// whatever its end.
func (o Offer) Stops(g Permission) bool {
	return o.Category != Unconditional && (o.Category != Conditional || !g.ByHand && !g.Endless)
}

// Covers reports whether an endless permission may cover the use: an agency of a jurisdiction above
// measures all records, for a purpose and by fields that the entry names.
func (o Offer) Covers(u Use) bool { return o.measured(u) && u.Whole && o.groups(u.Measure) }

// Exceeds reports whether the use is a measure such as an endless permission may cover, but for its
// condition or the fields of its groups.
func (o Offer) Exceeds(u Use) bool { return o.measured(u) && !o.Covers(u) }

// measured reports whether an agency of a jurisdiction above measures for a purpose that the entry
// names.
func (o Offer) measured(u Use) bool {
	above := RelationOf(o.Provider.Jurisdiction(), u.Consumer.Jurisdiction()) == Ancestor
	return above && u.Measure.Function != gather.None && slices.Contains(o.Counts, u.Purpose)
}

func underEndless(o Offer, g *Permission, u Use) Verdict {
	switch {
	case !o.Covers(u), g.Purpose != u.Purpose, !g.Measures.Has(u.Measure):
		return NeedsApplication
	case g.Revoked:
		return GrantRevoked
	}
	return Allowed
}

// underGrant decides about a use under a grant for its purpose. Of what the grant does not cover,
// the consumer applies where rule answers; where it does not, the refusal says what is missing.
func underGrant(o Offer, g *Permission, u Use) Verdict {
	ended := !u.At.Before(g.Until)
	missing := Allowed
	switch {
	case g.Revoked:
		return GrantRevoked
	case ended && u.byRule(o) && !u.Applies:
		return GrantExpired
	case ended:
		missing = GrantEnded
	case len(g.Fields) > 0 && !containsAll(g.Fields, u.Fields):
		missing = FieldNotGranted
	case !g.Measures.Has(u.Measure):
		missing = MeasureNotGranted
	case u.later(g):
		missing = NotRenewable
	}
	if missing != Allowed && u.byRule(o) && (ended || !g.ByHand) {
		return NeedsApplication
	}
	return missing
}

// byRule reports whether an application of the consumer would be answered by rule.
func (u Use) byRule(o Offer) bool { return o.Category == Unconditional && !u.Barred }

func containsAll(all, some []string) bool {
	for _, s := range some {
		if !slices.Contains(all, s) {
			return false
		}
	}
	return true
}
