package sharing

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/node/business/usage"
	"xietong/node/ground/book"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

// Request is one intended use.
type Request struct {
	Consumer identity.Agency
	Dataset  identity.Label
	Offer    policy.Offer
	Version  uint64     // of the catalogue entry that the offer is from
	Held     ledger.Ref // the entry since which nobody gets a grant by rule; None: there is none
	Lost     string     // the entry that is lost for which that is so
	Purpose  string
	Fields   []string       // fields that are shown, measured, compared or filtered by
	Measure  gather.Measure // the zero value: the records themselves
	Whole    bool           // all records are asked for, without a condition
	Evidence []byte         // the request as its origin signed it; nil for a consumer of this jurisdiction
	Asked    []byte         // see book.Request
	Application
}

// remote reports whether the consumer is of another jurisdiction. It returns errEvidence unless
// exactly such a request has evidence.
func (q Request) remote(in identity.Jurisdiction) (bool, error) {
	remote := q.Consumer.Jurisdiction() != in
	if remote != (len(q.Evidence) > 0) {
		return remote, fmt.Errorf("%w: %s at %s, with %d bytes", errEvidence, q.Consumer, in, len(q.Evidence))
	}
	return remote, nil
}

var errEvidence = errors.New("a request needs evidence if, and only if, its consumer is of another jurisdiction")

// Permit is the permission for a request. RecordUse records the access with it.
type Permit struct {
	request Request
	purpose identity.Label
	at      time.Time  // by which it was decided
	renews  ledger.Ref // the grant that an application renews
	exceeds bool       // the use is a measure that needs no application, but for its condition or groups
	ended   text.Code  // see endedBy
	Grant   ledger.Ref // None: the provider's own use
	Until   time.Time  // end of the grant; zero: it has none
	Now     bool       // the grant was applied for and given by this request
}

// EndMS returns the end of the grant, in ms since 1970 UTC; 0: it has none.
func (p Permit) EndMS() uint64 {
	if p.Until.IsZero() {
		return 0
	}
	return uint64(p.Until.UnixMilli())
}

// Asked returns who asked, and for which dataset.
func (p Permit) Asked() (consumer identity.Agency, dataset identity.Label) {
	return p.request.Consumer, p.request.Dataset
}

// PermitUse decides about the request, and files an application where one is needed. Its refusals
// are those of Decide and Apply.
func PermitUse(ctx context.Context, l book.Ledger, q Request) (p Permit, err error) {
	apply := false
	err = l.View(ctx, func(r *state.Reader) (err error) {
		p, apply, err = Decide(r, q)
		return err
	})
	if err == nil && apply {
		p, err = p.Apply(ctx, l, nil)
	}
	return p, err
}

// Decide decides about the request, in the state of the reader. A verdict against the use is a
// text.Failure with the reason and the next step. apply is true for an unconditional dataset
// without a grant that covers the use: the caller must then call Apply, which gets a grant by rule.
func Decide(r *state.Reader, q Request) (p Permit, apply bool, err error) {
	in := r.Log().Jurisdiction()
	p = Permit{request: q, at: time.UnixMilli(int64(r.Clock()))}
	if _, err := q.remote(in); err != nil {
		return p, false, err
	}
	p.purpose, _ = identity.ParseLabel(q.Purpose) // policy refuses a purpose that is not listed, so also one that is no label
	use := policy.Use{
		Consumer: q.Consumer, Purpose: q.Purpose, Fields: q.Fields, Measure: q.Measure, Whole: q.Whole, At: p.at,
		Applies: !q.Application.IsZero(),
	}
	var malformed error
	if q.Until != "" {
		use.Until, malformed = time.Parse(time.RFC3339, q.Until)
	}
	by := barredBy(r, in, q.Consumer, q.Dataset)
	if by == ledger.None {
		by = q.Held
	}
	use.Barred = by != ledger.None
	p.exceeds = q.Offer.Exceeds(use)
	g := p.relied(r, use)
	p.renews = renewed(r, q.Consumer, q.Dataset, p.purpose)
	switch verdict := policy.Decide(q.Offer, g.permission(), use); verdict {
	case policy.NeedsApplication:
		return p, true, nil
	case policy.Allowed:
		if malformed != nil {
			return p, false, badUntil(p.at, malformed)
		}
		if g != nil && q.Consumer != q.Offer.Provider {
			p.Grant = ledger.RefTo(g.Index)
			if !g.Endless {
				p.Until, p.ended = g.Until, endedBy(q.Offer, g, use)
			}
		}
		return p, false, nil
	default:
		err := refusal(r.Names(), q, g, by, verdict)
		if f, ok := errors.AsType[*text.Failure](err); ok && f.Code == text.GrantNeeded && p.exceeds {
			args := maps.Clone(f.Args)
			args["fields"] = cmp.Or(strings.Join(q.Offer.GroupBy, ", "), "–")
			err = text.Fail(text.MeasureNeedsGrant, args, nil)
		}
		return p, false, err
	}
}

func (g *Grant) permission() *policy.Permission {
	if g == nil {
		return nil
	}
	return &policy.Permission{
		Purpose: g.Purpose.String(), Fields: g.Fields, Until: g.Until, Revoked: g.Revoked != ledger.None, ByHand: g.ByHand,
		Measures: g.Measures, Endless: g.Endless,
	}
}

// Access is the record of a use. It is sealed; the parameters and the keys of the request stand in
// it as MACs only.
type Access struct {
	Operation  string `json:"operation"`       // lookup, search, verify, receipt, plan, check, or the function of a measure
	Entry      string `json:"entry,omitempty"` // whose payload was read, with its receipt
	Parameters string `json:"parameters"`      // MAC of the request's parameters, hex
	// Keys are MACs of the keys that were read, hex, in their own order. They are made with the
	// salt, and so are of this use alone: the consumer, which may read the record of its use, sees
	// in them neither that two uses were of one record nor which row was of which.
	Keys    []string `json:"keys,omitempty"`
	Salt    []byte   `json:"salt,omitempty"`
	Rows    uint64   `json:"rows"`              // records answered, or measured
	AsOf    uint64   `json:"as_of"`             // index of the last entry that the answer saw
	Outcome string   `json:"outcome,omitempty"` // of a verification
	// Incomparable is the number of records that the filter could not compare.
	Incomparable uint64 `json:"incomparable,omitempty"`
	// Unreadable is the number of records that could not be read.
	Unreadable uint64 `json:"unreadable,omitempty"`
	// Unfit is the number of records that are not as the catalogue entry says.
	Unfit uint64 `json:"unfit,omitempty"`
	// Refused is the code of the refusal that the consumer is told in place of the data, although
	// records were read; "": it is told the data.
	Refused text.Code `json:"refused,omitempty"`
	// Unfinished says that the use is a page of a measure that did not end in its time: the
	// consumer is told how far it came, and nothing of the records.
	Unfinished bool `json:"unfinished,omitempty"`

	Read     [][]byte `json:"-"` // MACs of the keys that were read, as the state has them
	Answered [][]byte `json:"-"` // MACs of the keys of the records that the answer tells of
	Probe    []byte   `json:"-"` // MAC of the key that is verified; nil for every other operation
}

// Unused refuses what RecordUse would refuse whatever is read: an id that the consumer used before,
// and a probe for which no quota is left. Whoever reads records calls it first, in the view in
// which it reads, so that a used id or a spent quota buys no reading.
func (p Permit) Unused(r *state.Reader, l book.Ledger, id identity.Message, probe []byte) error {
	if err := commandAccess.Unused(r, l, p.requested(id)); err != nil {
		return err
	}
	return p.body(Access{Probe: probe}).quota(r)
}

// Basis is what a recorded use rests on. It is small, because one is kept with each answer that may
// be given again.
type Basis struct{ body accessBody }

// Basis returns what the use rests on whose access record this is.
func (p Permit) Basis(a Access) Basis {
	return Basis{p.body(Access{AsOf: a.AsOf, Answered: a.Answered})}
}

// Stands refuses the use if something that it was decided on does not stand any more, or a record
// that it tells of was removed since the data were read. What was answered before may be answered
// again only while it stands. One thing it does not look at: whether the consumer's jurisdiction
// was withdrawn since. The command that records a use does, and of one who was withdrawn no later
// message is believed.
func (b Basis) Stands(r *state.Reader, datasetState DatasetStateOf) error {
	return b.body.stands(r, handlers{datasetState: datasetState})
}

// MaxBasis bounds an encoded basis, in bytes; a basis of more records than maxBasisKeys is encoded
// as one that does not stand.
const (
	MaxBasis     = 2 << 10
	maxBasisKeys = 32
)

// basisWire is a Basis as it is kept.
type basisWire struct {
	_        struct{} `cbor:",toarray"`
	Consumer identity.Agency
	Dataset  identity.Label
	Purpose  *identity.Label
	Version  uint64
	AsOf     uint64
	Answered [][]byte
	Grant    ledger.Ref
}

// Encode returns the basis as bytes, which DecodeBasis reads.
func (b Basis) Encode() []byte {
	if len(b.body.Answered) > maxBasisKeys {
		b.body.Version, b.body.Answered = 0, [][]byte{} // no entry has version 0
	}
	data, err := canon.Marshal(basisWire{
		Consumer: b.body.Consumer, Dataset: b.body.Dataset, Purpose: b.body.Purpose, Version: b.body.Version,
		AsOf: b.body.AsOf, Answered: b.body.Answered, Grant: b.body.Grant,
	})
	if err != nil {
		panic(err) // names and numbers always have an encoding
	}
	return data
}

// DecodeBasis decodes a basis strictly.
func DecodeBasis(data []byte) (Basis, error) {
	var w basisWire
	if err := canon.Unmarshal(data, MaxBasis, &w); err != nil {
		return Basis{}, fmt.Errorf("decode basis of a use: %w", err)
	}
	return Basis{accessBody{
		Consumer: w.Consumer, Dataset: w.Dataset, Purpose: w.Purpose, Version: w.Version, AsOf: w.AsOf, Answered: w.Answered,
		Grant: w.Grant,
	}}, nil
}

func (p Permit) requested(id identity.Message) book.Request {
	return book.By(p.request.Consumer, id, p.request.Asked)
}

func (p Permit) body(a Access) accessBody {
	q := p.request
	b := accessBody{
		Consumer: q.Consumer, Dataset: q.Dataset, Version: q.Version, AsOf: a.AsOf, Answered: append([][]byte{}, a.Answered...),
		Grant: p.Grant, Probe: append([]byte{}, a.Probe...), Refused: a.Refused != "",
		Ended: text.Number(p.ended),
	}
	if !p.purpose.IsZero() {
		b.Purpose = &p.purpose
	}
	return b
}

// seal names the keys that were read as MACs of this use alone.
func (a *Access) seal(l book.Ledger) error {
	if len(a.Read) == 0 {
		return nil
	}
	salt, err := identity.NewMessage()
	if err != nil {
		return err
	}
	bytes := salt.Bytes()
	a.Salt = bytes[:]
	a.Keys = a.keysOfUse(l, a.Salt)
	return nil
}

// keysOfUse returns the keys that were read as MACs of the use with the salt.
func (a Access) keysOfUse(l book.Ledger, salt []byte) (keys []string) {
	for _, key := range a.Read {
		mac := l.MAC("key of a use", salt, key)
		keys = append(keys, hex.EncodeToString(mac[:16]))
	}
	slices.Sort(keys)
	return keys
}

// RecordUse commits the access record under the consumer's id, and returns its entry. The answer,
// or the refusal that depends on what was read, may be given only afterwards. On a refusal with
// text.DatasetMoved or text.PolicyMoved the caller decides and reads again, once.
func RecordUse(ctx context.Context, l book.Ledger, id identity.Message, p Permit, a Access) (identity.Entry, error) {
	q := p.request
	if err := a.seal(l); err != nil {
		return identity.Entry{}, fmt.Errorf("record use: %w", err)
	}
	payload, err := json.Marshal(struct {
		Consumer string `json:"consumer"`
		Dataset  string `json:"dataset"`
		Version  uint64 `json:"version"`
		Purpose  string `json:"purpose"`
		Access
		Request []byte `json:"request,omitempty"`
	}{q.Consumer.String(), q.Dataset.String(), q.Version, q.Purpose, a, q.Evidence})
	if err != nil {
		return identity.Entry{}, fmt.Errorf("record use: %w", err)
	}
	note, err := l.Note(jsonType, payload)
	if err != nil {
		return identity.Entry{}, fmt.Errorf("record use: %w", err)
	}
	body := p.body(a)
	body.Statement, body.Find = note, usage.FindPurpose(l, p.purpose)
	return book.Enter(ctx, l, commandAccess, p.requested(id), body)
}
