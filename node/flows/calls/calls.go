// Package calls is the engine of calls between jurisdictions: it asks on behalf of the agencies of
// one hosted jurisdiction, records the outcome of a use, and only then returns it. The rooms know
// the question and the meaning of the answer (see operation); exchange/relay knows how a call
// travels and who signed it.
//
// # An id is one use
//
// The id of the message is the id of the access command at the provider, and belongs to the agency
// that asks. The provider records a request once, on whichever of its replicas: a frame that is
// sent again gets the same answer for ten minutes, or is told the same, and otherwise nothing, also
// after a restart. It remembers the id for the hour of host and an hour more; no message lives
// longer than relay.MaxLife, 15 minutes, so no frame outlives the memory of its id.
//
// The id is also the idempotency key of the asker. A request that never came to its destination, or
// was refused there before records were read, may be tried again under its id, and is then a new
// request. Otherwise:
//
//   - If this jurisdiction has its own record of the answer, it returns a SeenError that names the
//     record. The answer was shown, or was lost between the node and the person, who gets it again
//     from the API for ten minutes. A person who needs the data later asks under another key, and
//     that is another use.
//   - If it has no record, the answer was lost on the way. The same message is sent again, and gets
//     the same answer. If the provider does not have that any more, it answers anew, under the
//     record that it has, what it would record just so. If what it rested on does not stand any
//     more, or something of it has changed, it says id-seen: a question under another key is then
//     another use, and the record of the refusal that the provider signed says why there are two.
//
// # Logged before shown
//
// The outcome of a use is committed to the asker's own ledger before it is returned: an entry of
// the node under the agency, sealed, with the answer as its destination signed it. A refusal that
// the destination signed is recorded too; a request without any answer is not. The payload:
//
//	{"destination":"guiyang.guizhou","dataset":"villages","operation":"query","purpose":"statistics",
//	 "request_id":"0190…","request_hash":"hex","outcome":0,"entry":"guiyang.guizhou/log/1/7","records":3,
//	 "grant":"guiyang.guizhou/log/1/6","until":"2027-11-24T09:00:00Z","answer":"base64"}
//
// records is the number of records that were answered or measured. grant, its end, and, of a
// refusal for that reason, revoked (the entry that revoked it) are what the destination told of the
// grant; so the asker lists what its agencies asked, and which grants they hold elsewhere (see
// node/business/usage). answer is absent if a jurisdiction asked itself and those below it. outcome
// is 0 or the number of the refusal, entry is the entry that the destination says it made, and
// answer verifies with relay.VerifyEvidence. The head names the dataset, unless the destination has
// no dataset of that code: the code may then be any text that a person typed, and stands in the
// payload alone. The state keeps the ids that were answered, because an id must never serve a
// second use:
//
//	asked   id (16 bytes) agency -> index of the entry, plus 1
package calls

import (
	"context"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/ground/book"
)

// Asker sends calls and brings back their verified answers; *relay.Relay is one.
type Asker interface {
	// Ask asks one jurisdiction, which is another.
	Ask(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (relay.Answer, error)
	// Federate asks a jurisdiction and those below it; it may be this one.
	Federate(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (relay.Answer, error)
}

// Engine asks on behalf of the agencies of one hosted jurisdiction. Many goroutines may use it.
type Engine struct {
	own   book.Ledger
	asker Asker
}

// New returns the engine of the jurisdiction.
func New(own book.Ledger, asker Asker) *Engine { return &Engine{own: own, asker: asker} }
