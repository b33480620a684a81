// Package sharing holds who may use which data for what, and records every use before it is answered.
//
// A use runs under a grant. For an unconditional dataset the first use files the application (basis, scenario, scope,
// method, until: 国令809 art 20) and the node answers it at once by rule (art 21): one command appends both entries. A
// use is then recorded by one command that commits the access record and, at that position of the log, refuses it when
// anything that it was decided on has moved: the grant was revoked or has ended, the endorsement of the consumer's
// jurisdiction was withdrawn, the catalogue entry has a later version, a record was retracted or erased since the data were
// read, a probe's quota is spent, the request's id was seen before. So nothing is answered after a revocation's position, and
// a replayed request is refused on every replica, also after a restart. The caller answers only after the command succeeded.
//
//	grants    be64(index of the grant's entry)               -> who may use what for what until when
//	granted   consumer 0x00 code 0x00 purpose 0x00 be64      -> nothing: finds the grants of a use, oldest first
//	probes    be64(day) consumer 0x00 code 0x00 MAC(key)     -> how often the key was probed on that day
//	used      be64(index of an access under a standing grant) -> consumer
//
// A standing grant is that of an adopted standard entry: whoever stands above may count all records for its purpose. Its
// consumer is the agency that set the standard, and it is found as if the consumer were "*".
//
// What the application says in words lies sealed in the vault; what stands here names agencies and codes, no person.
//
// An agency of another jurisdiction is a consumer like any other: the same rules decide, and it is always named whole, because
// two jurisdictions have agencies of one code. Nothing is signed here in its name, though. Its application is an entry of
// the node, and the payloads of the application and of every access record carry the request as its origin signed it (see
// Evidence of exchange/relay). That proves that the origin asked this jurisdiction, and when; for which agency and what, the
// origin's own record of the same request says:
//
//	{"consumer":"spiffe://guiyang.guizhou/agency/water",…,"request":"base64"}
//
// The package never decides whether a use is allowed (see policy) and never reads a record (see records).
package sharing

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/text"
)

// The commands of this room. The numbers are those of docs/protocol.md.
const (
	KindApply  state.Kind = 11
	KindRevoke state.Kind = 12
	KindAccess state.Kind = 13
	KindStand  state.Kind = 22
)

// Limits.
const (
	MaxTextLen   = 2000     // bytes of each text of an application
	MaxReasonLen = 2000     // bytes
	ProbesPerDay = 20       // verifications of one key of a dataset by one agency on one day, Beijing time
	maxValueLen  = 64 << 10 // bytes of any value of this room's buckets
)

const (
	bucketGrants  = "grants"
	bucketGranted = "granted"
	bucketProbes  = "probes"
	bucketUsed    = "used"

	jsonType = "application/json"
)

// Reads is what this room needs to read of the state.
type Reads interface {
	Get(bucket string, key []byte) []byte
	Scan(bucket string, prefix, from []byte, each func(key, value []byte) (more bool))
}

// Ledger is what this room needs of the jurisdiction.
type Ledger interface {
	Act(stated ledger.Head, contentType string, payload []byte) (ledger.Evidence, []byte, error)
	Note(contentType string, payload []byte) (ledger.Evidence, []byte, error)
	Propose(ctx context.Context, kind state.Kind, id identity.Message, asked, body []byte) ([]byte, error)
	View(ctx context.Context, f func(*state.Reader) error) error
	MAC(domain string, parts ...[]byte) [32]byte
	Payload(r *state.Reader, index uint64) ([]byte, error)
	Name() identity.Jurisdiction
	Log() identity.Log
}

// Standing is what a use of a dataset is decided on.
type Standing struct {
	Provider identity.Label
	Version  uint64 // of the catalogue entry
	Removed  uint64 // retractions and erasures so far
}

// StandingOf tells how a dataset stands; ok is false when there is none. The room that keeps the records gives it.
type StandingOf func(r Reads, code identity.Label) (s Standing, ok bool)

// WithdrawnOf tells whether the jurisdiction in vouched for the jurisdiction of, and has withdrawn that. The room that keeps
// the endorsements gives it.
type WithdrawnOf func(r Reads, in, of identity.Jurisdiction) bool

// Grant is a permission as it is kept.
type Grant struct {
	Index       uint64 // of the grant's entry
	Application uint64 // index of the application's entry
	Consumer    identity.Agency
	Dataset     identity.Label
	Purpose     identity.Label
	Until       time.Time
	Revoked     uint64 // index of the entry that revoked it, plus 1; 0: not revoked
	Uses        uint64
	Standing    bool // for whoever stands above, without end
}

// keptGrant is the value of the grants bucket.
type keptGrant struct {
	_           struct{} `cbor:",toarray"`
	Application uint64
	Consumer    identity.Agency
	Dataset     identity.Label
	Purpose     identity.Label
	Until       uint64 // ms since 1970 UTC
	Revoked     uint64
	Uses        uint64
	Standing    bool
}

func be64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// joined is the key of several parts, none of which holds a zero byte.
func joined(parts ...string) []byte {
	var key []byte
	for _, p := range parts {
		key = append(append(key, p...), 0)
	}
	return key
}

// decode reads what this room wrote itself: anything else is a damaged file, which must stop the node.
func decode(data []byte, v any) {
	if err := canon.Unmarshal(data, maxValueLen, v); err != nil {
		panic(fmt.Sprintf("sharing: damaged state: %v", err))
	}
}

func grantAt(r Reads, index uint64) (Grant, bool) {
	data := r.Get(bucketGrants, be64(index))
	if data == nil {
		return Grant{}, false
	}
	var k keptGrant
	decode(data, &k)
	return Grant{
		Index: index, Application: k.Application, Consumer: k.Consumer, Dataset: k.Dataset, Purpose: k.Purpose,
		Until: time.UnixMilli(int64(k.Until)), Revoked: k.Revoked, Uses: k.Uses, Standing: k.Standing,
	}, true
}

func (g Grant) put(tx *state.Tx) error {
	value, err := canon.Marshal(keptGrant{
		Application: g.Application, Consumer: g.Consumer, Dataset: g.Dataset, Purpose: g.Purpose,
		Until: uint64(g.Until.UnixMilli()), Revoked: g.Revoked, Uses: g.Uses, Standing: g.Standing,
	})
	if err != nil {
		return err
	}
	return tx.Put(bucketGrants, be64(g.Index), value)
}

// latest returns the newest grant of the use; ok is false when there was never one.
func latest(r Reads, consumer identity.Agency, dataset, purpose identity.Label) (g Grant, ok bool) {
	prefix := joined(consumer.String(), dataset.String(), purpose.String())
	r.Scan(bucketGranted, prefix, prefix, func(k, _ []byte) bool {
		g, ok = grantAt(r, binary.BigEndian.Uint64(k[len(prefix):]))
		return true
	})
	return g, ok
}

// Grants returns every grant, oldest first.
func Grants(r Reads) (all []Grant) {
	r.Scan(bucketGrants, nil, nil, func(k, _ []byte) bool {
		if g, ok := grantAt(r, binary.BigEndian.Uint64(k)); ok {
			all = append(all, g)
		}
		return true
	})
	return all
}

// GrantsOf returns the grants that the agency holds or gave, oldest first. A jurisdiction away there may be an agency of the
// same code, which is another.
func GrantsOf(r *state.Reader, standing StandingOf, agency identity.Agency) []Grant {
	return slices.DeleteFunc(Grants(r), func(g Grant) bool {
		now, _ := standing(r, g.Dataset)
		return g.Consumer != agency && identity.NewAgency(r.Log().Jurisdiction(), now.Provider) != agency
	})
}

// ConsumerOf returns whose use of data the entry at index records: an application, the grant that answers it, or an access.
// ok is false for every other entry. It opens no payload, so it holds for erased ones too.
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
	switch head := leaf.Head; {
	case head.Kind == ledger.KindAccess && head.About == 0:
		return identity.NewAgency(r.Log().Jurisdiction(), head.Agency), true, nil
	case head.Kind == ledger.KindAccess:
		if user := r.Get(bucketUsed, be64(index)); user != nil {
			consumer, err = identity.ParseAgency(string(user))
			return consumer, err == nil, err
		}
		g, ok = grantAt(r, head.About-1)
	case head.Kind == ledger.KindGrant:
		g, ok = grantAt(r, index)
	case head.Kind == ledger.KindApplication: // one command appends it and its grant
		g, ok = grantAt(r, index+1)
	}
	return g.Consumer, ok, nil
}

func refuse(code text.Code, values ...string) error {
	return &state.Refusal{Code: state.Code(text.Number(code)), Args: values}
}
