// Package federated asks many jurisdictions at once, and serves such questions.
//
// A measure (how many records there are, or a sum, average, minimum or maximum of a field) is a
// federated request: its destination, and every jurisdiction below that the request selects,
// measures its own records as a use of its own, under its own rules, and records that in its own
// ledger under the one id. A jurisdiction with others below it hands the request on to them, adds
// up their answers (see exchange/gather), and keeps the answers, refusals included, for 90 days, to
// show them to the asker:
//
//	gather  {1: all below (true), 2: level, 3: question, 4: groups that the answer may tell, 5: number
//	         of the asker's roster, 6: its hash} → a share (see exchange/gather)
//
// Everybody counts against the roster of the asker. Whoever does not have it asks its parent for
// it, and else refuses.
//
//	shares    hash (32 bytes) label -> be64(kept at, ms) asker 0x00 answer
//	sharesby  be64(kept at, ms) hash label -> nothing
//
// So are the own answers: the same request gets the same one, and never another (see Given):
//
//	given      hash (32 bytes) -> {1: given at, 2: neighbour, 3: asker, 4: what it rests on, 5: answer}
//	givenby    be64(given at, ms) hash -> nothing
//	givenof    neighbour 0x00 be64(given at, ms) hash -> be64(bytes)
//	givensize  "=" neighbour, or "=" for all -> be64(bytes)
//
// The asker checks that the sum accounts for every member of the roster, records it, and audits it.
// The audit compares the sum of the destination, and of some below it, with the answers that each
// was made from; chance chooses them once the answer is recorded, so that nobody knows before. If
// that is wanted, the audit compares every sum. It says of everybody whom it comes to: compared, a
// leaf, to which nobody answered, or not shown. What is not shown is open in the account of the
// question: the asker asks for it again for a day, also after a restart, audits what comes, and
// records what it found. Open is also what a hop says of a child in its own name: that it gave no
// answer. The asker tells the child, and records what the child says (see Account):
//
//	points       hash (32 bytes) hop -> point
//	pointshares  hash (32 bytes) hop -> the answer of the hop, as it was signed
//	findings     be64(found at, ms) be64(entry) -> finding
//
// A question for the records of many is one call to each: encrypted to the member, permitted and
// recorded by the member.
//
// The package decides about no use of data, and believes no sum that it did not check.
package federated

import (
	"context"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/budget"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/business/records"
	"xietong/node/flows/anywhere"
	"xietong/node/flows/calls"
	"xietong/node/ground/book"
	"xietong/node/ground/operation"
)

// Engine asks and records; *calls.Engine is one.
type Engine interface {
	operation.Caller
	operation.SignedCaller
	// Federate asks a jurisdiction and those below it, and records the outcome before it returns.
	// read takes the answer apart; an answer that it does not accept is recorded as refused.
	Federate(ctx context.Context, a operation.Asking, dataset identity.Label, call envelope.Call, read func(relay.Answer) (operation.Told, error)) (calls.Gathered, error)
}

// Handing hands a federated request on; *relay.Relay is one.
type Handing interface {
	// HandOn makes a child answer a federated request that was received.
	HandOn(ctx context.Context, received relay.Received, child identity.Jurisdiction) (relay.Answer, error)
	// Came reports whether a federated request came, and since when such requests are remembered.
	Came(request [32]byte) (is bool, since time.Time)
}

// Tree is the knowledge of the tree around the jurisdiction.
type Tree interface {
	// Roster returns the list against which coverage is counted.
	Roster() gather.Roster
	// RosterOf returns the list with a number and hash, against which somebody else counts.
	RosterOf(ctx context.Context, number uint64, hash [32]byte) (gather.Roster, error)
	// Children returns the children that are endorsed now.
	Children() []identity.Jurisdiction
	// Gone returns the children that were invited once and are not endorsed now.
	Gone() []identity.Jurisdiction
	// Absent returns why such a child is not endorsed.
	Absent(child identity.Jurisdiction) error
	// LastHeard returns when a child was last heard; zero: not known.
	LastHeard(child identity.Jurisdiction) time.Time
	// KeySets returns the key sets by which signatures of a jurisdiction are believed now.
	KeySets(ctx context.Context, of identity.Jurisdiction, anew bool) ([]trust.Believed, error)
}

// Desk asks many jurisdictions, and serves such questions. Each hosted jurisdiction has one. Many
// goroutines may use it.
type Desk struct {
	own     book.Ledger
	records *records.Desk
	ask     *anywhere.Desk
	engine  Engine
	handing Handing
	tree    Tree
	// Slots, if set, are those in which the answers of children are added up and verified.
	Slots *budget.Slots
	// Now is the clock; time.Now unless it is set.
	Now func() time.Time
	// UpSince, if set, returns since when the link to the parent is up; zero: it is not.
	UpSince func() time.Time
	// Found, if set, is told of each finding, once it is recorded.
	Found func(Finding)

	opened chan struct{} // a point was opened
}

// New returns the desk of the jurisdiction whose records r keeps. The desk asks a single
// jurisdiction through ask.
func New(own book.Ledger, r *records.Desk, ask *anywhere.Desk, engine Engine, handing Handing, tree Tree) *Desk {
	return &Desk{own: own, records: r, ask: ask, engine: engine, handing: handing, tree: tree, Now: time.Now, opened: make(chan struct{}, 1)}
}
