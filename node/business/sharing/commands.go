package sharing

import (
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/usage"
	"xietong/node/ground/book"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

// The commands of this room. The numbers are those of docs/protocol.md.
const (
	commandApply  book.Command[applyBody, ledger.Ref]  = 11
	commandRevoke book.Command[revokeBody, ledger.Ref] = 12
	commandAccess book.Command[accessBody, ledger.Ref] = 13
)

// applyBody is the body of commandApply: an application and the grant that answers it by rule.
type applyBody struct {
	_           struct{} `cbor:",toarray"`
	Consumer    identity.Agency
	Dataset     identity.Label
	Version     uint64 // of the catalogue entry that was decided on
	Purpose     identity.Label
	Until       uint64 // ms since 1970 UTC
	Measures    policy.Measures
	Renews      ledger.Ref // see renewed
	Application book.Statement
	Grant       book.Statement
}

// revokeBody is the body of commandRevoke.
type revokeBody struct {
	_         struct{}       `cbor:",toarray"`
	Grant     uint64         // index of its entry
	Agency    identity.Label // the provider, whose act it is
	Statement book.Statement
}

// accessBody is the body of commandAccess.
//
// A refused use is one of which the consumer is told no data, although records were read for it. It
// is recorded whatever has moved meanwhile, because the refusal may tell something of the records.
type accessBody struct {
	_         struct{} `cbor:",toarray"`
	Consumer  identity.Agency
	Dataset   identity.Label
	Purpose   *identity.Label // nil: a record that its provider reads by its receipt
	Version   uint64          // of the catalogue entry that was decided on
	AsOf      uint64          // index of the last entry that the answer saw
	Answered  [][]byte        // MACs of the keys of the records that it tells of
	Grant     ledger.Ref      // None: the provider's own use
	Find      usage.Found     // by the purpose
	Probe     []byte          // MAC of the key that is verified, or empty
	Refused   bool
	Ended     uint16 // the refusal where the grant has ended by then, see endedBy; 0: text.PolicyMoved
	Statement book.Statement
}

// Register adds the commands of this room. datasetState tells the handlers the state of a dataset,
// inside the same transaction. withdrawn tells them whether the endorsement of a jurisdiction was
// withdrawn; nil: no endorsement ever was.
func Register(r *state.Registry, datasetState DatasetStateOf, withdrawn WithdrawnOf) {
	grants.Keep(r)
	barred.Keep(r)
	closed.Keep(r)
	nobody.Keep(r)
	ends.Keep(r)
	usage.Register(r)
	r.Keep(
		state.Bucket{Name: bucketGranted, MaxKey: 512, MaxValue: 0},
		state.Bucket{Name: bucketProbes, MaxKey: 512, MaxValue: 8, Large: true},
	)
	h := handlers{datasetState, withdrawn}
	commandApply.Handle(r, h.apply)
	commandGive.Handle(r, h.give)
	commandRevoke.Handle(r, h.revoke)
	commandAllow.Handle(r, h.allow)
	commandHearEnd.Handle(r, applyHearEnd)
	commandAccess.HandleOnce(r, h.access)
}

// handlers are the handlers of this room, with the functions that other rooms give them.
type handlers struct {
	datasetState DatasetStateOf
	withdrawn    WithdrawnOf
}

// applicationHead returns the head of an application: an act of the consumer or, if the consumer is
// an agency of another jurisdiction, a statement of the node.
func applicationHead(in identity.Jurisdiction, consumer identity.Agency, dataset identity.Label) ledger.Head {
	head := ledger.Head{Kind: ledger.KindApplication, Code: dataset}
	if consumer.Jurisdiction() == in {
		head.Agency = consumer.Code()
	}
	return head
}

// apply appends the application and the grant. If there is a live grant of the same use and
// measures that ends no earlier, that grant is the result and nothing is appended.
func (h handlers) apply(tx *state.Tx, b applyBody) (ledger.Ref, error) {
	now, ok := h.datasetState(tx, b.Dataset)
	have, granted := latest(tx, b.Consumer, b.Dataset, b.Purpose)
	switch {
	case !ok || now.Version != b.Version:
		return ledger.None, book.Refuse(text.DatasetMoved, b.Dataset.String())
	case granted && have.live(tx.Clock()) && have.Measures.Equal(b.Measures) && uint64(have.Until.UnixMilli()) >= b.Until:
		return ledger.RefTo(have.Index), nil
	case barredBy(tx, tx.Log().Jurisdiction(), b.Consumer, b.Dataset) != ledger.None, now.Held != ledger.None,
		renewed(tx, b.Consumer, b.Dataset, b.Purpose) != b.Renews, granted && have.ByHand && have.live(tx.Clock()):
		return ledger.None, book.Refuse(text.PolicyMoved, b.Dataset.String())
	case over(tx, b.Consumer):
		return ledger.None, book.Refuse(text.PolicyMoved, b.Dataset.String())
	case b.Until <= tx.Clock():
		return ledger.None, book.Refuse(text.Expired)
	}
	g := Grant{
		Consumer: b.Consumer, Dataset: b.Dataset, Purpose: b.Purpose, Until: time.UnixMilli(int64(b.Until)), Measures: b.Measures,
	}
	if err := g.fits(); err != nil {
		return ledger.None, err
	}
	application, err := b.Application.Append(tx, applicationHead(tx.Log().Jurisdiction(), b.Consumer, b.Dataset))
	if err != nil {
		return ledger.None, err
	}
	grant, err := b.Grant.Append(tx, ruleHead(b.Dataset, application, b.Renews))
	if err != nil {
		return ledger.None, err
	}
	g.Application = application
	return grant, g.give(tx, grant, b.Consumer.String())
}

func revocationHead(grant uint64, agency, dataset identity.Label) ledger.Head {
	return ledger.Head{Kind: ledger.KindGrantRevoked, Agency: agency, Code: dataset, About: ledger.RefTo(grant)}
}

// revoke ends a grant. For one that is revoked already, and bars still, the result is the entry
// that revoked it.
func (h handlers) revoke(tx *state.Tx, b revokeBody) (ledger.Ref, error) {
	g, ok := grantAt(tx, b.Grant)
	if !ok {
		return ledger.None, book.Refuse(text.NotFound, "grant", strconv.FormatUint(b.Grant, 10))
	}
	now, _ := h.datasetState(tx, g.Dataset)
	switch {
	case now.Provider != b.Agency:
		return ledger.None, book.Refuse(text.NotProvider, b.Agency.String(), g.Dataset.String(), now.Provider.String())
	case over(tx, identity.NewAgency(tx.Log().Jurisdiction(), b.Agency)):
		return ledger.None, book.Refuse(text.PolicyMoved, g.Dataset.String())
	}
	if next := g.newest(tx); next.Index != g.Index && next.counts() { // whoever ends this one means the use
		return ledger.None, book.Refuse(text.GrantReplaced, g.Name(tx.Names()).String(), g.Dataset.String(), next.Name(tx.Names()).String())
	}
	if g.Bars(tx) {
		return g.Revoked, nil
	}
	g.Revoked = book.Next(tx)
	if err := errors.Join(g.save(tx), barred.Save(tx, g.barKey(), g.Revoked)); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, revocationHead(g.Index, b.Agency, g.Dataset))
}

// access records a use, if everything that the use was decided on still stands. Where records were
// read and nothing is told of them, it records that in an entry of another kind, whatever stands by
// then: the heads, which go up, must not look as if data had been given after a revocation.
func (h handlers) access(tx *state.Tx, b accessBody) (ledger.Ref, error) {
	kind := ledger.KindUseRefused
	if !b.Refused {
		kind = ledger.KindAccess
		if err := b.stands(tx, h); err != nil {
			return ledger.None, err
		}
		if err := b.quota(tx); err != nil {
			return ledger.None, err
		}
	}
	// Everything is checked: from here on it writes.
	now, _ := h.datasetState(tx, b.Dataset)
	entry, err := b.Statement.Append(tx, ledger.Head{Kind: kind, Agency: now.Provider, Code: b.Dataset, About: b.Grant})
	if err != nil {
		return ledger.None, err
	}
	return entry, b.count(tx, entry)
}

// position is the state at a position of the log: *state.Tx for a handler, *state.Reader for a
// look.
type position interface {
	book.Reads
	Log() identity.Log
	Names() state.Names
	Clock() uint64
}

// stands refuses a use of which something that it was decided on does not stand any more.
func (b accessBody) stands(at position, h handlers) error {
	in, of := at.Log().Jurisdiction(), b.Consumer.Jurisdiction()
	if h.withdrawn != nil && h.withdrawn(at, in, of) {
		return book.Refuse(text.NotEndorsed, of.String(), in.String())
	}
	now, ok := h.datasetState(at, b.Dataset)
	if !ok || now.Version != b.Version || now.gone(b.Answered, b.AsOf) {
		return book.Refuse(text.DatasetMoved, b.Dataset.String())
	}
	return b.permission(at, now)
}

// count counts the use of the grant and the probe, and makes the use be listed.
func (b accessBody) count(tx *state.Tx, entry ledger.Ref) error {
	use := usage.Use{Dataset: b.Dataset, Consumer: b.Consumer, Purpose: b.Find, Refused: b.Refused}
	err := use.Keep(tx, entry)
	if granted, ok := b.Grant.Index(); ok {
		if g, ok := grantAt(tx, granted); ok {
			g.Uses++
			err = errors.Join(err, g.save(tx))
		}
	}
	for _, q := range b.quotas(tx.Log().Jurisdiction()) {
		err = errors.Join(err, tx.Put(bucketProbes, b.probeKey(tx.Clock(), q.user), book.Be64(b.probes(tx, q.user)+1)))
	}
	if len(b.Probe) > 0 {
		err = errors.Join(err, forgetProbes(tx))
	}
	return err
}

// permission checks the grant at this position of the log. The provider's own use has no grant; a
// provider that ended has none.
func (b accessBody) permission(at position, now DatasetState) error {
	in := at.Log().Jurisdiction()
	index, granted := b.Grant.Index()
	if !granted {
		if b.Consumer != identity.NewAgency(in, now.Provider) || over(at, b.Consumer) {
			return book.Refuse(text.PolicyMoved, b.Dataset.String())
		}
		return nil
	}
	g, ok := grantAt(at, index)
	if !ok || b.Purpose == nil || !g.of(in, b.Consumer) || g.Dataset != b.Dataset || g.Purpose != *b.Purpose {
		return book.Refuse(text.PolicyMoved, b.Dataset.String())
	}
	if g.Replaced != ledger.None { // what came after it may have been revoked
		if next := g.newest(at); next.Revoked != ledger.None {
			g = next
		}
	}
	switch {
	case g.Closed != ledger.None:
		return book.Refuse(text.PolicyMoved, b.Dataset.String())
	case g.Revoked != ledger.None:
		code, told := revokedTold(at.Names(), g, now.Provider, b.Consumer)
		return book.Refuse(code, text.Values(code, told)...)
	case !g.live(at.Clock()):
		code := text.PolicyMoved
		if b.Ended != 0 {
			code = text.ByNumber(b.Ended)
		}
		return book.Refuse(code, text.Values(code, endedTold(at.Names(), g, identity.NewAgency(in, now.Provider)))...)
	}
	return nil
}

const dayMs = 24 * 3600 * 1000

// day numbers the days of UTC+8.
func day(ms uint64) uint64 { return (ms + 8*3600*1000) / dayMs }

// told writes a time as refusals carry it; it is told in the zone of whoever reads it.
func told(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func endOfDay(ms uint64) string {
	return told(time.UnixMilli(int64((day(ms)+1)*dayMs - 8*3600*1000)))
}

// quota is how often one key may be probed on one day by one user.
type quota struct {
	user  string // as the count has it
	told  string // as the refusal names whom it is for
	most  uint64
	child string // below the user, of which the probe is; "": the user's own
}

// countyDepth is the depth of the name of a county. The roster is not asked: what it says may
// change between the decision and the command.
const countyDepth = 3

// mostBelow returns how often one key may be probed on one day by a jurisdiction with all below it.
// A county has what its own agencies have, whatever it endorses below itself: it could make that
// up. A city has several times that, so that no county spends it for the others.
func mostBelow(of identity.Jurisdiction) uint64 {
	most := uint64(ProbesPerDayOfAll)
	for depth := of.Depth(); depth < countyDepth; depth++ {
		most *= ProbesPerDayParts
	}
	return most
}

// quotas returns the quotas that a probe counts against: that of the agency, that of its
// jurisdiction, which could otherwise ask in the names of many agencies, and those of the
// jurisdiction and the ones above it with all below them, which could ask in the names of many
// children. Who else spent the latter is nobody's business: they name the agency that asks.
func (b accessBody) quotas(in identity.Jurisdiction) []quota {
	if len(b.Probe) == 0 {
		return nil
	}
	code, of := b.Consumer.Code().String(), b.Consumer.Jurisdiction().String()
	all := []quota{{b.Consumer.String(), code, ProbesPerDay, ""}, {of + "/agency", of, ProbesPerDayOfAll, ""}}
	child := ""
	for _, of := range answering(in, b.Consumer.Jurisdiction()) {
		all = append(all, quota{of.String(), code, mostBelow(of), child})
		child = of.String()
	}
	return all
}

// quota refuses a probe too many. Of what a jurisdiction has with all below it, a quarter is kept
// for those directly below it that have not probed the key today.
func (b accessBody) quota(at position) error {
	for _, q := range b.quotas(at.Log().Jurisdiction()) {
		if q.child != "" && b.probes(at, q.child) > 0 {
			q.most -= q.most / ProbesPerDayParts
		}
		if b.probes(at, q.user) >= q.most {
			return book.Refuse(text.QuotaSpent, q.told, b.Dataset.String(), strconv.FormatUint(q.most, 10), endOfDay(at.Clock()))
		}
	}
	return nil
}

func (b accessBody) probeKey(ms uint64, user string) []byte {
	return append(append(book.Be64(day(ms)), book.Joined(user, b.Dataset.String())...), b.Probe...)
}

func (b accessBody) probes(at position, user string) uint64 {
	if have := at.Get(bucketProbes, b.probeKey(at.Clock(), user)); len(have) == 8 {
		return binary.BigEndian.Uint64(have)
	}
	return 0
}

// forgetProbes removes at most sixteen counts of earlier days, so that the cost of the old counts
// is spread over many commands. A probe makes three, or a few more. The days to which a correction
// can set the clock back are not earlier ones: what was spent of them stays spent.
func forgetProbes(tx *state.Tx) error {
	today := day(max(tx.Forgets(), state.MaxAhead) - state.MaxAhead)
	_, err := tx.DropFirst(bucketProbes, 16, func(k []byte) bool { return binary.BigEndian.Uint64(k) < today })
	return err
}
