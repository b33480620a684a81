// Package gather adds up what many jurisdictions answer to one federated request, and accounts for everybody who did not.
//
// A federated request selects places below one jurisdiction: its children (*.guiyang.guizhou) or all below it (**.guizhou), of
// one level or of any. Those that the roster lists are its members; beside them count those that are endorsed though the
// roster does not list them. Each jurisdiction that the request reaches answers with its share: what it counted itself, where
// it is a member, and what those below it answered, added up:
//
//	{1: number of the roster, 2: hash of the roster, 3: [group …] of its own, 4: as of: index in its ledger, absent where it
//	 counted nothing, 5: [group …] of all, 6: answered, 7: [missing …], 8: [[child, SHA-256 of its answer] …],
//	 9: [name …] that the roster does not list}
//
// where a group is [[value …], count, suppressed], and missing is [name, state, by, code, [value …], last heard (ms)]: by is
// who says so, code a row of the table of errors with its values, 0 where the state says all. A field that is empty is
// absent. The share of a county that counted 205 villages, as of entry 30 of its ledger:
//
//	a6 01 01 02 58200000…00 03 81 83 80 18cd f4 04 18 1e 05 81 83 80 18cd f4 06 01
//
// Invariants, which Check holds for a share, knowing only the request and the roster:
//
//   - Every member below is answered or missing, and nobody is twice: the six states add up to the members.
//   - Whoever is missing is a member, or stands in 9. The missing stand in the order of the roster, then of the names.
//   - No count overflows, no group is twice, and where groups are places, they are those of the members.
//
// What a hop adds up it can prove: it lists the hash of each child's signed answer, keeps these, and shows them. So a hop that
// leaves a share out of its sum, counts one twice, changes one or invents one is found, and the answers that it signed and
// was given prove it to anybody (see Audit). A hop that says that a child did not answer cannot be told from a line that
// broke; that the child says otherwise is a contradiction, and no proof of who is wrong.
//
// A share that does not add up is not added in, nor is one that would make the sum too long: its members are told as refused, by
// whoever found it, with the reason. So no child spoils the answer of the others.
//
// The package is pure: values in, values out. It knows no operation, no dataset and no key, and verifies no signature itself.
package gather

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"xietong/certs/identity"
)

// Limits of a share.
const (
	MaxMembers = 20_000
	MaxGroups  = 4_000
	MaxValues  = 4 // that a group is of
	MaxShares  = 1_000
	MaxCount   = 1 << 53   // of all groups: what every language counts exactly
	MaxLen     = 384 << 10 // bytes of a share
	maxAdded   = 320 << 10 // bytes of the answers that one share adds up, and of its own groups
	maxReason  = 200       // bytes
)

// Place is one place of a roster.
type Place struct {
	Name  identity.Jurisdiction
	Level string
}

// Roster is the official list, as far as it is needed here.
type Roster struct {
	Number uint64
	Hash   [32]byte
	Places []Place // each after its parent
}

// Selector is whom a federated request asks.
type Selector struct {
	Below identity.Jurisdiction
	Deep  bool   // all below, not the children alone
	Level string // "": any
}

// ErrSelector is wrapped by every error about a text that is no selector.
var ErrSelector = errors.New("not a selector: *.NAME or **.NAME")

// ParseSelector parses *.NAME or **.NAME. A level is not written in it.
func ParseSelector(text string) (Selector, error) {
	stars, name, _ := strings.Cut(text, ".")
	if stars != "*" && stars != "**" {
		return Selector{}, fmt.Errorf("%w: %.100q", ErrSelector, text)
	}
	below, err := identity.ParseJurisdiction(name)
	if err != nil {
		return Selector{}, fmt.Errorf("%w: %w", ErrSelector, err)
	}
	return Selector{Below: below, Deep: stars == "**"}, nil
}

// IsSelector reports whether a text is meant as a selector.
func IsSelector(text string) bool { return strings.HasPrefix(text, "*") }

func (s Selector) String() string {
	if s.Deep {
		return "**." + s.Below.String()
	}
	return "*." + s.Below.String()
}

// Covers reports whether the selector selects a place.
func (s Selector) Covers(p Place) bool {
	return s.reaches(p.Name) && (s.Level == "" || s.Level == p.Level)
}

// reaches reports whether the selector selects a name of the right level.
func (s Selector) reaches(name identity.Jurisdiction) bool {
	if s.Deep {
		return name != s.Below && name.Under(s.Below)
	}
	above, ok := name.Parent()
	return ok && above == s.Below
}

// Question is what a federated request asks, as far as it is needed here.
type Question struct {
	Selector
	By string // level of the places that the groups are; "": the groups are of something else, or there is one
}

// Members returns the places that are asked at a jurisdiction or below it, in the order of the roster.
func (q Question) Members(r Roster, at identity.Jurisdiction) []Place {
	var all []Place
	for _, p := range r.Places {
		if p.Name.Under(at) && q.Covers(p) {
			all = append(all, p)
		}
	}
	return all
}

// State is what became of the question to one member.
type State uint8

// The states. Every member is in one of them.
const (
	Answered    State = 1
	Refused     State = 2 // it, or whoever leads to it, said no
	NotOffered  State = 3 // it has no such dataset, or an older standard entry
	Unreachable State = 4 // no link leads there
	Late        State = 5 // it did not answer in time
	NotJoined   State = 6 // it is in the roster, and not in the tree
)

var stateNames = map[State]string{
	Answered: "answered", Refused: "refused", NotOffered: "not-offered", Unreachable: "unreachable", Late: "late", NotJoined: "not-joined",
}

func (s State) String() string { return stateNames[s] }

// States are all states, in the order in which they are told.
func States() []State { return []State{Answered, Refused, NotOffered, Unreachable, Late, NotJoined} }

// Why is why there is no answer.
type Why struct {
	State State
	By    identity.Jurisdiction // who says so
	Code  uint16                // row of the table of errors; 0: the state says all
	Args  []string              // its values
	Heard uint64                // ms since 1970 UTC, when the jurisdiction that is away was last heard; 0: not known
}

// Missing is a member that did not answer.
type Missing struct {
	Name identity.Jurisdiction
	Why
}

// Group is a number of records.
type Group struct {
	_          struct{} `cbor:",toarray"`
	Values     []string // none: all records
	Count      uint64
	Suppressed bool // of groups that are too small to be told each
}

// Listed is the answer of a child that was added in.
type Listed struct {
	_     struct{} `cbor:",toarray"`
	Child identity.Jurisdiction
	Hash  []byte // SHA-256 of the answer
}

// Share is what one jurisdiction answers for itself and all below it.
type Share struct {
	Roster   uint64 // number
	Hash     []byte // of the roster
	Own      []Group
	AsOf     *uint64
	Groups   []Group
	Answered uint64
	Missing  []Missing
	Shares   []Listed
	Extra    []identity.Jurisdiction // members that the roster does not list
}

// Coverage is how many members are in each state. They add up to Members.
type Coverage struct {
	Members uint64
	In      map[State]uint64
	Missing []Missing
	Extra   []identity.Jurisdiction // members that the roster does not list
}

// Coverage accounts for the members of a share.
func (s Share) Coverage() Coverage {
	c := Coverage{Members: s.Answered, In: map[State]uint64{Answered: s.Answered}, Missing: s.Missing, Extra: s.Extra}
	for _, m := range s.Missing {
		c.Members++
		c.In[m.State]++
	}
	return c
}

// Account accounts for members that were asked one by one. Whoever has no outcome, and is not told as missing, answered.
func Account(q Question, r Roster, missing map[identity.Jurisdiction]Why) Coverage {
	var s Share
	for _, p := range q.Members(r, q.Below) {
		if why, ok := missing[p.Name]; ok {
			s.Missing = append(s.Missing, Missing{p.Name, why})
			continue
		}
		s.Answered++
	}
	return s.Coverage()
}

// Total returns the number of all records, those of suppressed groups included.
func (s Share) Total() (n uint64) {
	for _, g := range s.Groups {
		n += g.Count
	}
	return n
}

// Asks reports whether a jurisdiction is a member: the roster lists it and the selector covers it, or nobody lists it and any
// level is selected.
func (q Question) Asks(r Roster, at identity.Jurisdiction) bool {
	for _, p := range r.Places {
		if p.Name == at {
			return q.Covers(p)
		}
	}
	return q.Level == "" && q.reaches(at)
}

// LeadsTo reports whether there is anybody to ask at a child or below it.
func (q Question) LeadsTo(r Roster, child identity.Jurisdiction) bool {
	if q.Asks(r, child) {
		return true
	}
	if !q.Deep {
		return false
	}
	return q.Level == "" || slices.ContainsFunc(r.Places, func(p Place) bool { return p.Name.Under(child) && q.Covers(p) })
}

// ErrNoPlace is returned where a jurisdiction lies in no place of the level by which is grouped.
var ErrNoPlace = errors.New("it lies in no place of the level that the groups are of")

// ValuesOf returns the values of the group that the records of a jurisdiction belong to, where the groups are places.
func (q Question) ValuesOf(r Roster, at identity.Jurisdiction) ([]string, error) {
	if q.By == "" {
		return []string{}, nil
	}
	for _, p := range r.Places {
		if p.Level == q.By && at.Under(p.Name) {
			return []string{p.Name.String()}, nil
		}
	}
	return nil, fmt.Errorf("%s by %s: %w", at, q.By, ErrNoPlace)
}
