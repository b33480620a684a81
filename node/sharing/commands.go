package sharing

import (
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/text"
)

// applyBody is the body of KindApply: an application and the grant that answers it by rule.
type applyBody struct {
	_           struct{} `cbor:",toarray"`
	Consumer    identity.Agency
	Dataset     identity.Label
	Version     uint64 // of the catalogue entry that was decided on
	Purpose     identity.Label
	Until       uint64 // ms since 1970 UTC
	Application evidence
	Grant       evidence
}

// revokeBody is the body of KindRevoke.
type revokeBody struct {
	_        struct{} `cbor:",toarray"`
	Grant    uint64
	Agency   identity.Label // the provider, whose act it is
	Evidence evidence
}

// accessBody is the body of KindAccess.
type accessBody struct {
	_        struct{} `cbor:",toarray"`
	Consumer identity.Agency
	Dataset  identity.Label
	Purpose  identity.Label
	Version  uint64 // of the catalogue entry that was decided on
	Removed  uint64 // retractions and erasures when the data were read
	Grant    uint64 // index of the grant's entry, plus 1; 0: the provider's own use
	Probe    []byte // MAC of the key that is verified, or empty
	Evidence evidence
}

// evidence is an entry's evidence with its sealed payload.
type evidence struct {
	_        struct{} `cbor:",toarray"`
	Evidence []byte
	Sealed   []byte
}

func encoded(e ledger.Evidence, sealed []byte) evidence {
	return evidence{Evidence: e.Encode(), Sealed: sealed}
}

func (e evidence) append(tx *state.Tx, stated ledger.Head) (uint64, error) {
	decoded, err := ledger.DecodeEvidence(e.Evidence)
	if err != nil {
		return 0, err
	}
	return tx.Append(stated, decoded, e.Sealed)
}

// Register adds this room's commands. standing tells how a dataset stands inside the same transaction, and withdrawn how a
// consumer's jurisdiction does; nil: none was ever endorsed.
func Register(r *state.Registry, standing StandingOf, withdrawn WithdrawnOf) {
	r.Register(KindApply, state.Idempotent, func(tx *state.Tx, body []byte) ([]byte, error) { return applyApply(tx, standing, body) })
	r.Register(KindRevoke, state.Idempotent, func(tx *state.Tx, body []byte) ([]byte, error) { return applyRevoke(tx, standing, body) })
	r.Register(KindStand, state.Idempotent, func(tx *state.Tx, body []byte) ([]byte, error) { return applyStand(tx, standing, body) })
	r.Register(KindAccess, state.Once, func(tx *state.Tx, body []byte) ([]byte, error) {
		return applyAccess(tx, standing, withdrawn, body)
	})
}

// applicationHead is an act of the consumer, or, where that is an agency of another jurisdiction, the node's.
func applicationHead(in identity.Jurisdiction, consumer identity.Agency, dataset identity.Label) ledger.Head {
	head := ledger.Head{Kind: ledger.KindApplication, Code: dataset}
	if consumer.Jurisdiction() == in {
		head.Agency = consumer.Code()
	}
	return head
}

// applyApply appends the application and the grant, unless a live grant of the same use is there: then that one counts.
func applyApply(tx *state.Tx, standing StandingOf, body []byte) ([]byte, error) {
	var b applyBody
	if err := canon.Unmarshal(body, state.MaxCommandLen, &b); err != nil {
		return nil, err
	}
	now, ok := standing(tx, b.Dataset)
	have, granted := latest(tx, b.Consumer, b.Dataset, b.Purpose)
	switch {
	case !ok || now.Version != b.Version:
		return nil, refuse(text.DatasetMoved, b.Dataset.String())
	case granted && have.Revoked > 0:
		return nil, refuse(text.PolicyMoved, b.Dataset.String())
	case granted && uint64(have.Until.UnixMilli()) > tx.Time():
		return canon.Marshal(have.Index)
	case b.Until <= tx.Time():
		return nil, refuse(text.Expired)
	}
	application, err := b.Application.append(tx, applicationHead(tx.Log().Jurisdiction(), b.Consumer, b.Dataset))
	if err != nil {
		return nil, err
	}
	index, err := b.Grant.append(tx, ledger.Head{Kind: ledger.KindGrant, Code: b.Dataset, About: application + 1})
	if err != nil {
		return nil, err
	}
	g := Grant{
		Index: index, Application: application, Consumer: b.Consumer, Dataset: b.Dataset, Purpose: b.Purpose,
		Until: time.UnixMilli(int64(b.Until)),
	}
	found := append(joined(b.Consumer.String(), b.Dataset.String(), b.Purpose.String()), be64(index)...)
	if err := errors.Join(g.put(tx), tx.Put(bucketGranted, found, nil)); err != nil {
		return nil, err
	}
	return canon.Marshal(index)
}

func revocationHead(g uint64, agency, dataset identity.Label) ledger.Head {
	return ledger.Head{Kind: ledger.KindGrantRevoked, Agency: agency, Code: dataset, About: g + 1}
}

// applyRevoke ends a grant. A grant that is revoked already stays revoked by the first entry, which is the result.
func applyRevoke(tx *state.Tx, standing StandingOf, body []byte) ([]byte, error) {
	var b revokeBody
	if err := canon.Unmarshal(body, state.MaxCommandLen, &b); err != nil {
		return nil, err
	}
	g, ok := grantAt(tx, b.Grant)
	if !ok {
		return nil, refuse(text.NotFound, "grant", strconv.FormatUint(b.Grant, 10))
	}
	now, _ := standing(tx, g.Dataset)
	switch {
	case now.Provider != b.Agency:
		return nil, refuse(text.NotProvider, b.Agency.String(), g.Dataset.String(), now.Provider.String())
	case g.Revoked > 0:
		return canon.Marshal(g.Revoked - 1)
	}
	index, err := b.Evidence.append(tx, revocationHead(g.Index, b.Agency, g.Dataset))
	if err != nil {
		return nil, err
	}
	g.Revoked = index + 1
	if err := g.put(tx); err != nil {
		return nil, err
	}
	return canon.Marshal(index)
}

// applyAccess records a use, if what it was decided on still stands.
func applyAccess(tx *state.Tx, standing StandingOf, withdrawn WithdrawnOf, body []byte) ([]byte, error) {
	var b accessBody
	if err := canon.Unmarshal(body, state.MaxCommandLen, &b); err != nil {
		return nil, err
	}
	if in, of := tx.Log().Jurisdiction(), b.Consumer.Jurisdiction(); withdrawn != nil && withdrawn(tx, in, of) {
		return nil, refuse(text.NotEndorsed, of.String(), in.String())
	}
	now, ok := standing(tx, b.Dataset)
	if !ok || now.Version != b.Version || now.Removed != b.Removed {
		return nil, refuse(text.DatasetMoved, b.Dataset.String())
	}
	g, err := b.permission(tx, now)
	if err != nil {
		return nil, err
	}
	probed := b.probes(tx)
	if len(b.Probe) > 0 && probed >= ProbesPerDay {
		return nil, refuse(text.QuotaSpent, b.Consumer.Code().String(), b.Dataset.String(), strconv.Itoa(ProbesPerDay),
			endOfDay(tx.Time()))
	}
	// Everything is checked: from here on it writes.
	index, err := b.Evidence.append(tx, ledger.Head{Kind: ledger.KindAccess, Agency: now.Provider, Code: b.Dataset, About: b.Grant})
	if err != nil {
		return nil, err
	}
	if b.Grant > 0 {
		g.Uses++
		if err := g.put(tx); err != nil {
			return nil, err
		}
	}
	if g.Standing {
		if err := tx.Put(bucketUsed, be64(index), []byte(b.Consumer.String())); err != nil {
			return nil, err
		}
	}
	if len(b.Probe) > 0 {
		if err := errors.Join(tx.Put(bucketProbes, b.probeKey(tx.Time()), be64(probed+1)), forgetProbes(tx)); err != nil {
			return nil, err
		}
	}
	return canon.Marshal(index)
}

// permission checks the grant at this position of the log. The provider's own use has none.
func (b accessBody) permission(tx *state.Tx, now Standing) (Grant, error) {
	own := identity.NewAgency(tx.Log().Jurisdiction(), now.Provider)
	if b.Grant == 0 {
		if b.Consumer != own {
			return Grant{}, refuse(text.PolicyMoved, b.Dataset.String())
		}
		return Grant{}, nil
	}
	g, ok := grantAt(tx, b.Grant-1)
	switch {
	case !ok || !g.of(tx.Log().Jurisdiction(), b.Consumer) || g.Dataset != b.Dataset || g.Purpose != b.Purpose:
		return Grant{}, refuse(text.PolicyMoved, b.Dataset.String())
	case g.Revoked > 0:
		return Grant{}, refuse(text.GrantRevoked, entryName(tx.Log(), g.Index), b.Dataset.String(), entryName(tx.Log(), g.Revoked-1))
	case !g.Standing && uint64(g.Until.UnixMilli()) <= tx.Time():
		return Grant{}, refuse(text.GrantExpired, entryName(tx.Log(), g.Index), b.Dataset.String(), dayOf(g.Until))
	}
	return g, nil
}

// beijing is the zone in which days are counted: UTC+8, without daylight saving time.
var beijing = time.FixedZone("UTC+8", 8*3600)

const dayMs = 24 * 3600 * 1000

// day numbers the days of UTC+8.
func day(ms uint64) uint64 { return (ms + 8*3600*1000) / dayMs }

func dayOf(t time.Time) string { return t.In(beijing).Format("2006-01-02 15:04") }

func endOfDay(ms uint64) string {
	return dayOf(time.UnixMilli(int64((day(ms)+1)*dayMs - 8*3600*1000)))
}

func (b accessBody) probeKey(ms uint64) []byte {
	return append(append(be64(day(ms)), joined(b.Consumer.String(), b.Dataset.String())...), b.Probe...)
}

func (b accessBody) probes(tx *state.Tx) uint64 {
	if have := tx.Get(bucketProbes, b.probeKey(tx.Time())); len(have) == 8 {
		return binary.BigEndian.Uint64(have)
	}
	return 0
}

// forgetProbes removes a few counts of days that are over, so that no command pays for many.
func forgetProbes(tx *state.Tx) error {
	var over [][]byte
	tx.Scan(bucketProbes, nil, nil, func(k, _ []byte) bool {
		if len(over) == 4 || binary.BigEndian.Uint64(k) >= day(tx.Time()) {
			return false
		}
		over = append(over, k)
		return true
	})
	var err error
	for _, k := range over {
		err = errors.Join(err, tx.Delete(bucketProbes, k))
	}
	return err
}

func entryName(log identity.Log, index uint64) string {
	e, err := identity.NewEntry(log, index)
	if err != nil {
		return strconv.FormatUint(index, 10)
	}
	return e.String()
}
