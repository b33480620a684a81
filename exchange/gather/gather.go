// Package gather adds up the answers of many jurisdictions to one federated request, and accounts
// for every member that did not answer.
//
// A federated request selects places below one jurisdiction: its children (*.guiyang.guizhou) or
// all places below it (**.guizhou), of one level or of any. The selected places in the asker's
// roster are the members of the request. A selected jurisdiction that is in the tree, though the
// roster does not list it, is told beside the members, as an extra. The request asks for a measure
// of the members' records: their number, or the sum, average, minimum or maximum of a field, of all
// records together or by at most two dimensions. A dimension is the places of a level or the values
// of a field. The request says how many groups the answer may tell.
//
// Each jurisdiction that the request reaches answers with its share: its own count, if it is a
// member, and the added-up answers of the jurisdictions below it:
//
//	{1: number of the roster, 2: hash of the roster, 3: [group …] of its own, 4: as of: index in its
//	 ledger, absent where it counted nothing, 5: [group …] of all, 6: answered, 7: [missing …],
//	 8: [[child, SHA-256 of its answer, outcome] …], 9: [[extra, as of, group] …],
//	 10: [[name, not compared, not read, of all looked at] …]}
//
// where a group is [[value …], count, suppressed, with, amount, others]: a value for each dimension
// in their order (a place by its name, the value of a field by its Label), the number of records,
// whether the group puts together groups that are too small to be told one by one (then it has no
// values), the number of records that have a value of the measured field, the amount of those
// values, as the text of a decimal, or null where no record has a value, and whether the group puts
// together the groups of one jurisdiction for which there is no room (then its one value is that
// jurisdiction). An average is sent as a sum, because a sum and the number with add up, and
// averages do not. Missing is [name, state, by, code, [value …], last heard (ms)]: by is the
// jurisdiction that says so, code a row of the table of errors with its values, 0 where the state
// says all. An outcome is 1 if the answer is a share that was added in, 2 if it is a refusal, 3 if
// it is neither, and was rejected. A field that is empty is absent. Example: a county summed up the
// income by sex; of its 205 women 200 have an income, 10250.5 together, as of entry 30 of its
// ledger; x.a below it refused, as it has no such dataset:
//
//	a8 01 01 02 58200000…00 03 81 86 81 66 66656d616c65 18cd f4 18c8 67 31303235302e35 f4 04 18 1e
//	05 81 86 81 66 66656d616c65 18cd f4 18c8 67 31303235302e35 f4 06 01
//	07 81 86 63 782e61 03 63 782e61 14 80 00 08 81 83 63 782e61 5820 0000…00 02
//
// Invariants, which Check checks for a share with the request and the roster alone:
//
//	(i)    The answered are exactly the members that are not missing, so the six states add up to
//	       the members. Each is the jurisdiction itself, or lies at or below a child whose share is
//	       listed as added. Who says why a member is missing is the jurisdiction itself, or somebody
//	       on the way to the member whose answer is listed: so nobody refuses in another's name. All
//	       below a child whose share is not added are missing for one reason. Nobody has not joined
//	       by its own word, or of a child that signed a refusal by that.
//	(ii)   A listed child leads to a member or, if its share is added, to an extra.
//	(iii)  Where no answered member lies at or below a listed child, the result is the
//	       jurisdiction's own; the own of a jurisdiction that is no member is empty.
//	(iv)   No group of the result is less than in its own, nor on the wrong side of it (minimum,
//	       maximum); what the result does not tell of its own is exactly its "others".
//	(v)    A group that is a place contains an answered member, or lies in one.
//	(vi)   There is one group without values where no groups were asked for, else as many as the
//	       question allows; beside them one that is suppressed, and the others of each child.
//	(vii)  Number and hash of the roster are the asker's.
//	(viii) An extra is told beside the members, is in no sum, and has its own signed share behind
//	       it; there are at most MaxExtra.
//	(ix)   Records that are left out, because they could not be compared or read, are of an
//	       answered member or an extra, and no more than it looked at.
//
// Also, no jurisdiction has more records, nor larger amounts, than maxRecords and maxSum, each
// reason is so short that there is room for one of every member, and all stands in one order. So
// every sum of shares that satisfy these can be told, and satisfies them too: no child's answer is
// refused for what another answered. A child whose share does not is listed as rejected, with the
// reason of all below it.
//
// Room: each child may tell an equal part of the groups that the question allows, the greatest
// first, and what others leave unused; the rest of a child is one group, its others.
//
// An amount is a Decimal, which is exact, so that a sum is the same in any order and can be proven.
//
// A hop can prove its sum: it lists the hash of what each child signed, keeps it, and shows it.
// Audit adds up once more what is shown: result = own + parts, key by key, and of each child the
// same missing and extra, word for word. So a hop that leaves a listed share out, counts one twice,
// changes, swaps or invents one, rejects what adds up, or tells a refusal in other words is found,
// and what was signed proves it to anybody; of a rejected answer the child that signed it is named.
// Two things cannot be found: (1) that a jurisdiction counts its own records falsely, and (2) that
// a hop says of a child, in its own name, that it gave no answer, which looks the same as a broken
// line.
//
// The package is pure: values in, values out. It knows no operation, no dataset and no key, and
// verifies no signature itself.
package gather

import "xietong/certs/identity"

// Limits of a share.
const (
	MaxMembers = 5_000
	MaxGroups  = 4_000 // that a share tells, beside those that put others together
	MaxShares  = 1_000
	MaxExtra   = 64
	MaxCount   = 1 << 53   // of all groups together: the most that every language counts exactly
	MaxLen     = 480 << 10 // bytes of a share: whoever adds it up, and whoever gave it, keeps it whole

	maxRecords = 1 << 38             // of one jurisdiction: MaxMembers of them stay below MaxCount
	maxTold    = 128 << 10           // bytes of the groups that a share tells
	maxOwn     = 64 << 10            // bytes of its own
	maxReasons = 64 << 10            // bytes of the values of reasons, if every member is missing
	maxReason  = 200                 // bytes of the words for what is wrong with a share
	maxSum     = "10000000000000000" // the most that the amounts of one jurisdiction come to
)

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

// Outcome is what a hop made of the answer of a child.
type Outcome uint8

// The outcomes.
const (
	Added    Outcome = 1 // a share, which was added in
	Declined Outcome = 2 // a refusal: the child and all below it are missing, and the child says why
	Rejected Outcome = 3 // no share that adds up: they are missing, and the hop says what is wrong
)

// Listed names the answer that a child signed.
type Listed struct {
	_       struct{} `cbor:",toarray"`
	Child   identity.Jurisdiction
	Hash    []byte // SHA-256 of the answer
	Outcome Outcome
}

// Extra is a jurisdiction that the roster does not list, and that measured its records. It is told
// beside the members, and its records are no part of the result.
type Extra struct {
	_       struct{} `cbor:",toarray"`
	Name    identity.Jurisdiction
	AsOf    uint64 // index in its ledger
	Records Group  // all its records together
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
	Extra    []Extra
	LeftOut  []LeftOut // of this one and all below it
}

// Coverage counts the members in each state. The counts add up to Members.
type Coverage struct {
	Members uint64
	In      map[State]uint64
	Missing []Missing
	Extra   []Extra // beside the members
	LeftOut []LeftOut
}

// Coverage accounts for the members of a share.
func (s Share) Coverage() Coverage {
	c := Coverage{Members: s.Answered, In: map[State]uint64{Answered: s.Answered}, Missing: s.Missing, Extra: s.Extra, LeftOut: s.LeftOut}
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

// Whole returns all groups added up to one, suppressed groups included. It returns
// decimal.ErrDecimal if the sum is too long or too large for a decimal.Decimal.
func (s Share) Whole(m Measure) (Group, error) {
	whole := total{values: []string{}}
	for _, g := range s.Groups {
		whole.add(m.Function, g)
	}
	return whole.group(m.Function)
}
