// Package gather adds up the answers of many jurisdictions to one federated request, and accounts
// for every member that did not answer.
//
// A federated request selects places below one jurisdiction: its children (*.guiyang.guizhou) or
// all places below it (**.guizhou), of one level or of any. The selected places in the roster are
// the members of the request; a selected jurisdiction that is endorsed, though the roster does not
// list it, counts as a member too. The request asks for a measure of the members' records: their
// number, or the sum, average, minimum or maximum of a field, of all records together or by at most
// two dimensions. A dimension is the places of a level or the values of a field.
//
// Each jurisdiction that the request reaches answers with its share: its own count, if it is a
// member, and the added-up answers of the jurisdictions below it:
//
//	{1: number of the roster, 2: hash of the roster, 3: [group …] of its own, 4: as of: index in its
//	 ledger, absent where it counted nothing, 5: [group …] of all, 6: answered, 7: [missing …],
//	 8: [[child, SHA-256 of its answer] …], 9: [name …] that the roster does not list}
//
// where a group is [[value …], count, suppressed, with, amount]: a value for each dimension in
// their order, the number of records, whether the group puts together groups that are too small to
// be told one by one (then it has no values), the number of records that have a value of the
// measured field, and the amount of those values, as the text of a decimal, or null where no record
// has a value. An average is sent as a sum, because a sum and the number with add up, and averages
// do not. And missing is [name, state, by, code, [value …], last heard (ms)]: by is the
// jurisdiction that says so, code a row of the table of errors with its values, 0 where the state
// says all. A field that is empty is absent. Example: a county summed up the income by sex; of its
// 205 women 200 have an income, 10250.5 together, as of entry 30 of its ledger:
//
//	a6 01 01 02 58200000…00 03 81 85 81 66 66656d616c65 18cd f4 18c8 67 31303235302e35 04 18 1e
//	05 81 85 81 66 66656d616c65 18cd f4 18c8 67 31303235302e35 06 01
//
// Invariants, which Check checks for a share with the request and the roster alone:
//
//   - Every member below is answered or missing, and none is counted twice: the six states add up
//     to the members.
//   - Every missing jurisdiction is a member in the roster, or stands in 9. The missing stand in
//     the order of the roster, then those of 9 in the order of the names.
//   - The counts add up to at most MaxCount, no group is twice, and each group that is not
//     suppressed has a value for each dimension. Values that are places lie under the jurisdiction
//     or above it, and in one another.
//   - A group has an amount exactly if a record of it has a value, and no more values than records.
//   - No group of 5 has fewer records than the same group of 3, nor a higher minimum, nor a lower
//     maximum.
//
// An amount is a Decimal, which is exact, so that a sum is the same in any order and can be proven.
//
// A hop can prove its sum: it lists the hash of each child's signed answer, keeps the answers, and
// shows them. So a hop that leaves a share out of its sum, counts one twice, changes one or invents
// one is found, and its own signed answer and those of its children prove the fault to anybody (see
// Audit). A hop that falsely says that a child did not answer looks the same as a broken line; if
// the child says otherwise, that is a contradiction, and does not prove which of the two is wrong.
//
// A hop does not add in a share that does not add up, or that would make the sum too long or give
// it too many digits: the hop reports the members of that share as refused, by itself, with the
// reason. So no child spoils the answer of the others.
//
// The package is pure: values in, values out. It knows no operation, no dataset and no key, and
// verifies no signature itself.
package gather

import (
	"errors"
	"fmt"
	"slices"

	"xietong/certs/identity"
)

// Limits of a share.
const (
	MaxMembers = 20_000
	MaxGroups  = 4_000
	MaxShares  = 1_000
	MaxCount   = 1 << 53   // of all groups together: the most that every language counts exactly
	MaxLen     = 384 << 10 // bytes of a share
	maxAdded   = 320 << 10 // bytes of the answers in one share, and of its own groups
	maxReason  = 200       // bytes
	missingLen = 128       // bytes of a missing member without the values of its reason, and of a share
)

// Place is one place of a roster.
type Place struct {
	Name  identity.Jurisdiction
	Level string
}

// Roster is the official list of places, as far as this package needs it.
type Roster struct {
	Number uint64
	Hash   [32]byte
	Places []Place // each after its parent
}

// Selector selects the places that a federated request asks.
type Selector struct {
	Below identity.Jurisdiction
	Deep  bool   // all below, not the children alone
	Level string // "": any
}

// String returns the selector as a person types it, *.NAME or **.NAME, without the level.
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

// reaches reports whether the selector selects a name, its level aside.
func (s Selector) reaches(name identity.Jurisdiction) bool {
	if s.Deep {
		return name != s.Below && name.Under(s.Below)
	}
	above, ok := name.Parent()
	return ok && above == s.Below
}

// Question is the question of a federated request, as far as this package needs it.
type Question struct {
	Selector
	Measure
}

// Members returns the places of the roster that the question asks at a jurisdiction or below it, in
// the order of the roster.
func (q Question) Members(r Roster, at identity.Jurisdiction) []Place {
	var all []Place
	for _, p := range r.Places {
		if p.Name.Under(at) && q.Covers(p) {
			all = append(all, p)
		}
	}
	return all
}

// State is the outcome of the question to one member.
type State uint8

// The states. Every member is in one of them.
const (
	Answered    State = 1
	Refused     State = 2 // it, or a jurisdiction on the way to it, refused
	NotOffered  State = 3 // it has no such dataset, or an older standard entry
	Unreachable State = 4 // no link leads there
	Late        State = 5 // it did not answer in time
	NotJoined   State = 6 // it is in the roster, but not in the tree
)

var stateNames = map[State]string{
	Answered: "answered", Refused: "refused", NotOffered: "not-offered", Unreachable: "unreachable", Late: "late", NotJoined: "not-joined",
}

func (s State) String() string { return stateNames[s] }

// States returns all states, in the order in which they are shown.
func States() []State { return []State{Answered, Refused, NotOffered, Unreachable, Late, NotJoined} }

// Why is the reason of a missing answer.
type Why struct {
	State State
	By    identity.Jurisdiction // the jurisdiction that says so
	Code  uint16                // row of the table of errors; 0: the state says all
	Args  []string              // its values
	Heard uint64                // ms since 1970 UTC: last sign of the absent one; 0: unknown
}

// Missing is a member that did not answer.
type Missing struct {
	Name identity.Jurisdiction
	Why
}

// Listed names the answer of a child that was added in.
type Listed struct {
	_     struct{} `cbor:",toarray"`
	Child identity.Jurisdiction
	Hash  []byte // SHA-256 of the answer
}

// Share is the answer of one jurisdiction for itself and all below it.
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

// Coverage counts the members in each state. The counts add up to Members.
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

// Account accounts for members that were asked one by one. A member that is not in missing counts
// as answered.
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

// Whole returns all groups added up to one, suppressed groups included. It returns ErrDecimal if
// the sum is too long or too large for a Decimal.
func (s Share) Whole(m Measure) (Group, error) {
	whole := total{values: []string{}}
	for _, g := range s.Groups {
		whole.add(m.Function, g)
	}
	return whole.group(m.Function)
}

// Asks reports whether a jurisdiction is a member: the roster lists it and the selector covers it,
// or the roster does not list it and the selector takes its name and any level.
func (q Question) Asks(r Roster, at identity.Jurisdiction) bool {
	for _, p := range r.Places {
		if p.Name == at {
			return q.Covers(p)
		}
	}
	return q.Level == "" && q.reaches(at)
}

// LeadsTo reports whether the question may ask a member at a child or below it.
func (q Question) LeadsTo(r Roster, child identity.Jurisdiction) bool {
	if q.Asks(r, child) {
		return true
	}
	if !q.Deep {
		return false
	}
	return q.Level == "" || slices.ContainsFunc(r.Places, func(p Place) bool { return p.Name.Under(child) && q.Covers(p) })
}

// ErrNoPlace is returned if a jurisdiction lies in no place of a level that the question groups by.
var ErrNoPlace = errors.New("it lies in no place of the level that the groups are of")

// Place returns the values of a group of a jurisdiction's records, one for each dimension in order.
// values holds the values of the dimensions that are fields; Place puts the places that the
// jurisdiction lies in between them. It returns ErrNoPlace, or an error if the number of values is
// wrong.
func (q Question) Place(r Roster, at identity.Jurisdiction, values []string) ([]string, error) {
	placed, next := make([]string, 0, len(q.By)), 0
	for _, b := range q.By {
		if b.Level == "" {
			if next++; next <= len(values) {
				placed = append(placed, values[next-1])
			}
			continue
		}
		i := slices.IndexFunc(r.Places, func(p Place) bool { return p.Level == b.Level && at.Under(p.Name) })
		if i < 0 {
			return nil, fmt.Errorf("%s by %s: %w", at, b.Level, ErrNoPlace)
		}
		placed = append(placed, r.Places[i].Name.String())
	}
	if next != len(values) {
		return nil, fmt.Errorf("place %s: %d values of the %d fields in %s", at, len(values), next, q.Measure)
	}
	return placed, nil
}
