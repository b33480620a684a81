// Package sharing keeps the grants, which say which agency may use which data for which purpose,
// and records every use before it is answered.
//
// A use runs under a grant. For an unconditional dataset the first use files the application
// (basis, scenario, scope, method, until: 国令809 art 20) and the node answers it at once by rule
// (art 21): one command appends both entries. A use is then recorded by one command that commits
// the access record and, at that position of the log, refuses it when anything that it was decided
// on has moved: the grant was revoked or has ended, the endorsement of the consumer's jurisdiction
// was withdrawn, the catalogue entry has a later version, a record that it tells of by its key was
// removed since the data were read, a probe's quota is spent, the consumer used the request's id
// before. So nothing is answered after a revocation's position, and a replayed request is refused
// on every replica, also after a restart. What is told of many records together, a number or a sum,
// stands as of the position at which it was read, whatever is removed later. The caller answers
// only after the command succeeded. A refusal that may depend on what was read is recorded as a
// refused use, whatever has moved.
//
//	grants    be64(index of the grant's entry)               -> the grant: consumer, dataset, purpose, end
//	granted   consumer 0x00 code 0x00 purpose 0x00 down64(index) -> nothing: finds the grants of a use, newest first
//	barred    jurisdiction 0x00 code 0x00 down64(index)      -> the entry that revoked that grant of one of its
//	                                                            agencies, until it is allowed
//	closed    "dataset" 0x00 code 0x00, "agency" 0x00 id 0x00 -> the entry that ended all grants from before it
//	ends      id of an agency elsewhere                      -> the list by which it was heard last that it ended there
//	probes    be64(day) user 0x00 code 0x00 MAC(key)         -> how often the key was probed on that day; the
//	                                                            user is an agency, or a jurisdiction
//
// After a revocation the consumer's jurisdiction gets no new grant by rule for the dataset; grants
// of its other agencies go on. The provider may take that back for each revocation; while one is
// left, there are none, and the grant that was revoked stays so.
//
// When a dataset is withdrawn all its grants end, and when an agency of this jurisdiction ends all
// grants that it holds do. None of them begins again when the dataset or the agency comes back. An
// agency of another jurisdiction is as one of this, from when its end is heard of (see HearEnd).
//
// A clerk of the provider gives a grant by hand, or renews one: an act of that agency, whose
// payload has the terms, the basis and the number of the paper. Nothing of it travels: the
// consumer's next use is decided here, and finds it. Of the grants for one use the newest counts.
// It takes nothing away that a live one before it gave; whoever wants that revokes first. Its
// payload:
//
//	{"answer":"granted","by":"hand","basis":"…","paper":"黔数〔2026〕12号","consumer":"spiffe://…",
//	 "dataset":"loans","version":1,"purpose":"statistics","until":"2027-12-31T15:59:59Z",
//	 "renews":"nanming.guiyang.guizhou/log/1/12"}
//
// That of a grant by rule is alike, without ground and paper.
//
// An endless grant comes from an adopted standard entry: every agency of a jurisdiction above may
// measure all records for its purpose. Its consumer is the agency that set the standard, and it is
// found as if the consumer were "*".
//
// The words of an application lie sealed in the vault. The buckets name agencies and codes, and no
// person.
//
// An agency of another jurisdiction is a consumer like any other: the same rules decide, and it is
// always named whole, because two jurisdictions have agencies of one code. Nothing is signed here
// in its name, though. Its application is an entry of the node, and the payloads of the application
// and of every access record carry the request as its origin signed it (see Evidence of
// exchange/relay). The signed request proves that the origin asked this jurisdiction, and when. The
// origin's own record of the same request says for which agency the origin asked, and for which
// data. Such a payload here:
//
//	{"consumer":"spiffe://guiyang.guizhou/agency/water",…,"request":"base64"}
//
// The package never decides whether a use is allowed (see policy) and never reads a record (see
// records).
package sharing

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/usage"
	"xietong/node/ground/book"
	"xietong/node/ground/policy"
)

// Limits.
const (
	MaxTextLen   = 2000 // bytes of each text of an application
	MaxReasonLen = 2000 // bytes
	// Verifications of one key of a dataset on one day, Beijing time: by one agency, and by all
	// agencies of its jurisdiction together.
	ProbesPerDay      = 20
	ProbesPerDayOfAll = 60
	// How many jurisdictions may spend all of theirs before the one above them has none left.
	ProbesPerDayParts = 4
)

const (
	bucketGranted = "granted"
	bucketProbes  = "probes"

	jsonType = "application/json"
)

// DatasetState is the state of a dataset that a use is decided on.
type DatasetState struct {
	Provider identity.Label
	Version  uint64 // of the catalogue entry
	// Removed reports whether the record whose key has the MAC was retracted, or taken out
	// otherwise, after the position.
	Removed func(key []byte, after uint64) bool
	// Held is the entry since which nobody gets a grant by rule; None: there is none.
	Held ledger.Ref
}

// gone reports whether one of the records was removed after the position.
func (s DatasetState) gone(keys [][]byte, after uint64) bool {
	return slices.ContainsFunc(keys, func(key []byte) bool { return s.Removed(key, after) })
}

// DatasetStateOf returns the state of a dataset; ok is false when there is none. The room that
// keeps the records gives it.
type DatasetStateOf func(r book.Reads, code identity.Label) (s DatasetState, ok bool)

// WithdrawnOf reports whether the jurisdiction in endorsed the jurisdiction of, and has withdrawn
// that endorsement. The room that keeps the endorsements gives it.
type WithdrawnOf func(r book.Reads, in, of identity.Jurisdiction) bool

// Grant is a permission as it is kept.
type Grant struct {
	Index       uint64     // of the grant's entry
	Application ledger.Ref // None: an endless grant has no application
	Consumer    identity.Agency
	Dataset     identity.Label
	Purpose     identity.Label
	Until       time.Time
	Revoked     ledger.Ref // the entry that revoked it; None: not revoked
	Replaced    ledger.Ref // the grant that came after it for the same use; None: it counts
	Closed      ledger.Ref // the entry that ended its dataset or its consumer; None: none did. Derived, see closed
	Uses        uint64
	Measures    policy.Measures // beside the number of records
	Fields      []string        // none: all
	ByHand      bool            // a clerk of the provider gave it; false: by rule
	Endless     bool            // for every agency of a jurisdiction above, without end
}

// live reports whether the grant may be used at a time, in ms since 1970 UTC.
func (g Grant) live(ms uint64) bool {
	return g.Revoked == ledger.None && g.Closed == ledger.None && (g.Endless || uint64(g.Until.UnixMilli()) > ms)
}

// keptGrant is the value of the grants bucket.
type keptGrant struct {
	_           struct{} `cbor:",toarray"`
	Application ledger.Ref
	Consumer    identity.Agency
	Dataset     identity.Label
	Purpose     identity.Label
	Until       uint64 // ms since 1970 UTC
	Revoked     ledger.Ref
	Replaced    ledger.Ref
	Uses        uint64
	Measures    policy.Measures
	Fields      []string
	ByHand      bool
	Endless     bool
}

// grants has keptGrant values by be64(index of the entry of the grant).
var grants = book.Bucket[keptGrant]{Name: "grants", Max: 8 << 10}

// Name names the grant by its entry.
func (g Grant) Name(names ledger.Namer) identity.Entry { return names.Entry(g.Index) }

func grantAt(r book.Reads, index uint64) (Grant, bool) {
	k, ok := grants.Load(r, book.Be64(index))
	return k.grant(r, index), ok
}

func (k keptGrant) grant(r book.Reads, index uint64) Grant {
	g := Grant{
		Index: index, Application: k.Application, Consumer: k.Consumer, Dataset: k.Dataset, Purpose: k.Purpose,
		Until: time.UnixMilli(int64(k.Until)), Revoked: k.Revoked, Replaced: k.Replaced, Uses: k.Uses, Measures: k.Measures,
		Fields: k.Fields, ByHand: k.ByHand, Endless: k.Endless,
	}
	g.Closed = g.closedBy(r)
	return g
}

// counts reports whether the grant was neither revoked nor replaced nor closed: it may have ended.
func (g Grant) counts() bool {
	return g.Revoked == ledger.None && g.Replaced == ledger.None && g.Closed == ledger.None
}

func (g Grant) save(tx *state.Tx) error { return grants.Save(tx, book.Be64(g.Index), g.kept()) }

func (g Grant) kept() keptGrant {
	return keptGrant{
		Application: g.Application, Consumer: g.Consumer, Dataset: g.Dataset, Purpose: g.Purpose,
		Until: uint64(g.Until.UnixMilli()), Revoked: g.Revoked, Replaced: g.Replaced, Uses: g.Uses, Measures: g.Measures,
		Fields: append([]string{}, g.Fields...), ByHand: g.ByHand, Endless: g.Endless,
	}
}

// fits refuses a grant that could not be kept, now or after any later change to it. A handler calls
// it before it writes.
func (g Grant) fits() error {
	most := ledger.RefTo(math.MaxUint64 - 1)
	g.Application, g.Revoked, g.Replaced, g.Uses = most, most, most, math.MaxUint64
	return grants.Check(g.kept())
}

// give keeps a new grant, and makes latest find it for the user. The one that counted before is
// replaced, unless it was revoked or closed.
func (g Grant) give(tx *state.Tx, entry ledger.Ref, user string) (err error) {
	g.Index, _ = entry.Index()
	if before, ok := followed(tx, user, g.Dataset, g.Purpose); ok {
		before.Replaced = entry
		err = before.save(tx)
	}
	found := append(book.Joined(user, g.Dataset.String(), g.Purpose.String()), book.Down64(g.Index)...)
	return errors.Join(err, g.save(tx), tx.Put(bucketGranted, found, nil))
}

// renewed returns the grant that a new one for the use follows; None: it follows none, or one that
// was revoked or closed.
func renewed(r book.Reads, consumer identity.Agency, dataset, purpose identity.Label) ledger.Ref {
	if g, ok := followed(r, consumer.String(), dataset, purpose); ok {
		return ledger.RefTo(g.Index)
	}
	return ledger.None
}

// followed returns the grant that a new one of the user follows; ok is false where it follows none.
func followed(r book.Reads, user string, dataset, purpose identity.Label) (g Grant, ok bool) {
	g, ok = newestOf(r, user, dataset, purpose)
	return g, ok && g.Revoked == ledger.None && g.Closed == ledger.None
}

// ruleHead returns the head of a grant by rule, or of an endless one: it is about the application
// or the adoption that it answers, and From is the index of the grant that it follows. A ledger
// that lost both grants knows by that alone which one to end.
func ruleHead(dataset identity.Label, answers, follows ledger.Ref) ledger.Head {
	head := ledger.Head{Kind: ledger.KindGrant, Code: dataset, About: answers}
	if from, ok := follows.Index(); ok {
		head.From = from
	}
	return head
}

// Followed returns the grant in whose place the one came that an entry with the head gave, or gave
// again; None: in nobody's. A grant by hand is about that one.
func Followed(head ledger.Head) ledger.Ref {
	switch {
	case head.Kind == ledger.KindRuleAllowed, head.Kind == ledger.KindGrant && !head.Agency.IsZero():
		return head.About
	case head.Kind == ledger.KindGrant && head.From > 0: // entry 0 is a key set
		return ledger.RefTo(head.From)
	}
	return ledger.None
}

// latest returns the newest grant of the use; ok is false when there never was one.
func latest(r book.Reads, consumer identity.Agency, dataset, purpose identity.Label) (g Grant, ok bool) {
	return newestOf(r, consumer.String(), dataset, purpose)
}

// newestOf returns the newest grant of a user, without a look at those before it.
func newestOf(r book.Reads, user string, dataset, purpose identity.Label) (g Grant, ok bool) {
	prefix := book.Joined(user, dataset.String(), purpose.String())
	r.Scan(bucketGranted, prefix, prefix, func(k, _ []byte) bool {
		g, ok = grantAt(r, ^binary.BigEndian.Uint64(k[len(prefix):]))
		return false
	})
	return g, ok
}

// newest returns the newest grant for the use that g is for.
func (g Grant) newest(r book.Reads) Grant {
	if next, ok := newestOf(r, g.holder(), g.Dataset, g.Purpose); ok {
		return next
	}
	return g
}

// holder returns the user under whom the grant is found.
func (g Grant) holder() string {
	if g.Endless {
		return whoever
	}
	return g.Consumer.String()
}

// OfUse returns all grants for the use that the one at an index is for, the newest first; none:
// there is no grant at that index.
func OfUse(r book.Reads, index uint64) (all []Grant) {
	of, ok := grantAt(r, index)
	if !ok {
		return nil
	}
	prefix := book.Joined(of.holder(), of.Dataset.String(), of.Purpose.String())
	r.Scan(bucketGranted, prefix, prefix, func(k, _ []byte) bool {
		if g, ok := grantAt(r, ^binary.BigEndian.Uint64(k[len(prefix):])); ok {
			all = append(all, g)
		}
		return true
	})
	return all
}

// Grants returns every grant, oldest first.
func Grants(r book.Reads) (all []Grant) {
	for key, k := range grants.All(r, nil) {
		all = append(all, k.grant(r, binary.BigEndian.Uint64(key)))
	}
	return all
}

// ConsumerOf returns the agency whose use of data the entry at index records: an application, the
// grant that answers it, or an access. ok is false for every other entry. It opens no payload, so
// it also works for an erased one.
func ConsumerOf(r *state.Reader, index uint64) (consumer identity.Agency, ok bool, err error) {
	data := r.Leaf(index)
	if data == nil {
		return consumer, false, nil
	}
	leaf, err := ledger.DecodeLeaf(data)
	if err != nil {
		return consumer, false, fmt.Errorf("read entry %d: %w", index, err)
	}
	var g Grant
	switch leaf.Head.Kind {
	case ledger.KindAccess, ledger.KindUseRefused:
		return usage.ConsumerOf(r, leaf.Head.Code, index)
	case ledger.KindGrant:
		g, ok = grantAt(r, index)
	case ledger.KindApplication: // one command appends it and its grant
		g, ok = grantAt(r, index+1)
	}
	return g.Consumer, ok, nil
}
