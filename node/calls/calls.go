// Package calls is the business of a call between jurisdictions: it serves what others may ask of a hosted jurisdiction, and
// asks others for its agencies. How a call travels, and who signed it, is exchange/relay's.
//
// # Operations
//
// A call names its operation, the agency that asks (of the origin) and the purpose; the parameters and the result are
// deterministic CBOR (see canon), read strictly. A field that is empty is absent.
//
//	query     {1: dataset, 2: key, 3: [[field, JSON value] … by field], 4: filter, 5: [field …], 6: limit, 7: cursor,
//	           8: only the number (true), 9: application, 10: field of the groups}
//	        → {1: [row, JSON …], 2: count, 3: records looked at, 4: cursor, 5: as of, 6: grant, 7: granted now (true),
//	           8: [[value, count, suppressed] …]}
//	verify    {1: dataset, 2: key, 3: field, 4: JSON value, 5: application}
//	        → {1: "yes", "no" or "no-such-record", 2: grant, 3: granted now (true)}
//	receipt   {1: entry} → {1: receipt, 2: the payload's preimage, absent when it is erased}
//	datasets  {1: code to go on after} → {1: [dataset …], 2: code to go on after, absent at the end}
//	gather    {1: all below (true), 2: level, 3: level of the groups, 4: dataset, 5: [[field, JSON value] … by field],
//	           6: filter, 7: application, 8: field of the groups} → a share (see exchange/gather)
//	standards {1: code, absent: all, 2: code to go on after} → {1: [[entry, version, JSON] …], 2: code to go on after}
//	shares    {1: hash of a request, 2: child to go on after} → {1: [[child, answer] …], 2: child to go on after}
//
// An application is the array [basis, scenario, scope, method, until], a dataset the map {1: code, 2: title, 3: agency,
// 4: category, 5: citation, 6: [[purpose, title] …], 7: [[field, type, nullable] …], 8: key, 9: [indexed field …],
// 10: update cycle, 11: version, 12: entry}, where a type is string, integer, number, boolean or other. The parameters of
// a query for one village:
//
//	a2 01 68 76696c6c61676573 02 6c 353230313032303136303031        {1: "villages", 2: "520102016001"}
//
// query and verify are uses of data: the agency of the origin is a consumer like any of this jurisdiction, and the access
// record is committed before anything leaves (see sharing). Of the ledger a jurisdiction gets the receipts of its own uses,
// and of nothing else. The catalogue describes data and holds none, so nothing is recorded of who reads it.
//
// # Many at once
//
// gather is a federated request (see exchange/relay): its destination, and everybody below it whom it selects, counts its own
// records as a use of its own, under its own rules, and is recorded in its own ledger under the one id. Whoever stands above
// others hands it on to them, adds up what they answer, and keeps their answers for 90 days, to show them to the asker:
//
//	shares    hash (32 bytes) label -> be64(kept at, ms) asker 0x00 answer
//	sharesby  be64(kept at, ms) hash label -> nothing
//
// The asker holds that the sum accounts for every member of the roster, records it, and audits it: what its destination was
// given, and what one of those was, chosen by chance, or all of it where that is wanted.
//
// # An id is one use
//
// The id of the message is the id of the access command at the provider, which refuses one that it has seen: a frame that
// is sent again is not answered again, also after a restart. The provider remembers it for host's hour and an hour more; no
// message lives longer than relay.MaxLife, 15 minutes, so no frame outlives the memory of its id.
//
// The id is also the idempotency key of whoever asks. Tried again under it, a request that was refused, or never came to
// its destination, is a new request. One that was answered is not answered again:
//
//   - This jurisdiction has its own record of the answer: SeenError, which names it. The answer was shown, or was lost
//     between the node and the person. Who still needs it asks again under another key, and that is another use.
//   - It has none, and the provider says id-seen: the data were used there, and the answer was lost on the way. It was never
//     shown, and never will be. Asked again under another key, it is another use; the record of the refusal that the provider
//     signed says why there are two.
//
// # Logged before shown
//
// What came of a query or a verification is committed to the asker's own ledger before it is returned: an entry of the node
// under the agency, sealed, with the answer as its destination signed it. A refusal that the destination signed is recorded
// too; that nobody answered is not. The payload:
//
//	{"destination":"guiyang.guizhou","dataset":"villages","operation":"query","purpose":"statistics",
//	 "request_id":"0190…","request_hash":"hex","outcome":0,"entry":"guiyang.guizhou/log/1/7","answer":"base64"}
//
// answer is absent where a jurisdiction asked itself and those below it. outcome is 0 or the number of the refusal, entry what the destination says that it recorded, and answer verifies with
// relay.VerifyEvidence. The head names the dataset, unless the destination has none of that code: what somebody typed instead
// may be anything, and stands in the payload alone. The state keeps which ids were answered, because an id must not be used
// for a second use ever:
//
//	asked   id (16 bytes) -> index of the entry plus 1
package calls

import (
	"context"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/book"
	"xietong/node/records"
)

// The operations; the table is in docs/protocol.md.
const (
	OperationQuery    = "query"
	OperationVerify   = "verify"
	OperationReceipt  = "receipt"
	OperationDatasets = "datasets"
	OperationGather   = "gather"
	OperationShares   = "shares"

	OperationStandards = "standards"
)

var (
	opQuery    = operation(OperationQuery)
	opVerify   = operation(OperationVerify)
	opReceipt  = operation(OperationReceipt)
	opDatasets = operation(OperationDatasets)
	opGather   = operation(OperationGather)
	opShares   = operation(OperationShares)

	opStandards = operation(OperationStandards)
)

func operation(name string) identity.Label {
	l, err := identity.ParseLabel(name)
	if err != nil {
		panic(err)
	}
	return l
}

// Ledger is what this room needs of the jurisdiction; *host.Host is one.
type Ledger interface {
	book.Ledger
	// Receipt returns the receipt of the entry at index, and the preimage of its payload; nil: erased.
	Receipt(ctx context.Context, index uint64) (receipt, preimage []byte, err error)
}

// Asker sends calls and brings back their verified answers; *relay.Relay is one.
type Asker interface {
	Ask(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (relay.Answer, error)
	Federate(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (relay.Answer, error)
	Share(ctx context.Context, received relay.Received, child identity.Jurisdiction) (relay.Answer, error)
}

// Tree is what is known of the tree around the jurisdiction.
type Tree interface {
	Roster() gather.Roster
	Children() []identity.Jurisdiction               // that are endorsed now
	LastHeard(child identity.Jurisdiction) time.Time // zero: not known
	KeySets(ctx context.Context, of identity.Jurisdiction, anew bool) ([]trust.KeySet, error)
}

// Desk serves the calls of others and asks them: one for each hosted jurisdiction. Many goroutines may use it.
type Desk struct {
	own     Ledger
	records *records.Desk
	asker   Asker
	tree    Tree
}

// NewDesk returns the desk of the jurisdiction whose records r keeps. The asker is called only when somebody asks: its relay
// may be made later, with the desk's operations.
func NewDesk(own Ledger, r *records.Desk, asker Asker, tree Tree) *Desk {
	return &Desk{own: own, records: r, asker: asker, tree: tree}
}
