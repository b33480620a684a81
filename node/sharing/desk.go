package sharing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/book"
	"xietong/node/policy"
	"xietong/node/text"
)

// Application is what is said in words of an intended use (国令809 art 20).
type Application struct {
	Basis    string `json:"basis"`    // the law or duty it rests on
	Scenario string `json:"scenario"` // the business it is for
	Scope    string `json:"scope"`    // whose data, and how much
	Method   string `json:"method"`   // how the data are to be used
	Until    string `json:"until"`    // RFC 3339
}

// Request is one intended use.
type Request struct {
	Consumer identity.Agency
	Dataset  identity.Label
	Offer    policy.Offer
	Version  uint64 // of the catalogue entry that the offer is from
	Purpose  string
	Fields   []string // that are shown, compared or filtered by
	Counting bool     // only the number of all records is asked for
	GroupBy  string   // the field by whose values it is told
	Evidence []byte   // the request as its origin signed it, where the consumer is of another jurisdiction
	Application
}

// remote reports whether the consumer is of another jurisdiction, whose evidence must then be there.
func (q Request) remote(in identity.Jurisdiction) (bool, error) {
	remote := q.Consumer.Jurisdiction() != in
	if remote != (len(q.Evidence) > 0) {
		return remote, fmt.Errorf("%w: %s at %s, with %d bytes", errEvidence, q.Consumer, in, len(q.Evidence))
	}
	return remote, nil
}

var errEvidence = errors.New("a request needs evidence if, and only if, its consumer is of another jurisdiction")

// Permit is what a request was allowed on; an access is recorded with it.
type Permit struct {
	request Request
	purpose identity.Label
	Grant   ledger.Ref // None: the provider's own use
	Now     bool       // the grant was applied for and given by this request
}

// PermitUse decides about the request. An unconditional dataset without a grant is applied for, by rule; every other "no" is
// a text.Failure with the reason and what to do.
func PermitUse(ctx context.Context, l book.Ledger, q Request) (Permit, error) {
	p := Permit{request: q}
	if _, err := q.remote(l.Name()); err != nil {
		return Permit{}, err
	}
	p.purpose, _ = identity.ParseLabel(q.Purpose) // policy refuses what is no listed purpose, so also what is no label
	var at time.Time
	var g *Grant
	err := l.View(ctx, func(r *state.Reader) error {
		at = time.UnixMilli(int64(r.Time()))
		if have, ok := latest(r, q.Consumer, q.Dataset, p.purpose); ok {
			g = &have
		}
		if have, ok := q.standing(r, l.Name(), p.purpose); ok {
			g = &have
		}
		return nil
	})
	if err != nil {
		return Permit{}, err
	}
	if g != nil && g.Revoked == ledger.None && !g.Standing && !at.Before(g.Until) && q.Application != (Application{}) {
		g = nil // it has ended, and the request brings a new application
	}
	verdict := policy.Decide(q.Offer, g.permission(), policy.Use{
		Consumer: q.Consumer, Purpose: q.Purpose, Fields: q.Fields, Counting: q.Counting, GroupBy: q.GroupBy, At: at,
	})
	switch {
	case verdict == policy.NeedsApplication:
		return p.apply(ctx, l, at)
	case verdict != policy.Allowed:
		return Permit{}, refusal(l.Log(), q, g, verdict)
	case g != nil && q.Consumer != q.Offer.Provider:
		p.Grant = ledger.RefTo(g.Index)
	}
	return p, nil
}

func (g *Grant) permission() *policy.Permission {
	if g == nil {
		return nil
	}
	return &policy.Permission{Purpose: g.Purpose.String(), Until: g.Until, Revoked: g.Revoked != ledger.None, Standing: g.Standing}
}

// refusal tells a verdict to the person who asked.
func refusal(log identity.Log, q Request, g *Grant, v policy.Verdict) error {
	dataset, purposes := q.Dataset.String(), strings.Join(q.Offer.Purposes, ", ")
	switch v {
	case policy.NoPurpose:
		return text.Fail(text.PurposeNeeded, text.Args{"dataset": dataset, "purposes": purposes}, nil)
	case policy.UnknownPurpose:
		return text.Fail(text.UnknownPurpose, text.Args{"dataset": dataset, "purpose": text.Short(q.Purpose), "purposes": purposes}, nil)
	case policy.UnknownField:
		fields := strings.Join(q.Offer.Fields, ", ")
		return text.Fail(text.UnknownField, text.Args{"dataset": dataset, "field": text.Short(unlisted(q)), "fields": fields}, nil)
	case policy.ForbiddenByLaw:
		return text.Fail(text.NotShared, text.Args{"dataset": dataset, "citation": q.Offer.Citation}, nil)
	case policy.NeedsGrant:
		return text.Fail(text.GrantNeeded, text.Args{"dataset": dataset, "provider": q.Offer.Provider.Code().String()}, nil)
	case policy.GrantRevoked:
		return text.Fail(text.GrantRevoked, text.Args{
			"dataset": dataset, "grant": g.Name(log).String(), "entry": g.Revoked.In(log).String(),
		}, nil)
	case policy.FieldNotGranted:
		return text.Fail(text.FieldNotGranted, text.Args{
			"dataset": dataset, "grant": g.Name(log).String(), "field": strings.Join(q.Fields, ", "),
			"fields": strings.Join(g.permission().Fields, ", "),
		}, nil)
	case policy.GrantExpired:
		return text.Fail(text.GrantExpired, text.Args{
			"dataset": dataset, "grant": g.Name(log).String(), "until": dayOf(g.Until),
		}, nil)
	}
	return fmt.Errorf("decide use: verdict %d has no sentence", v)
}

// unlisted returns the first field asked for that the catalogue does not list.
func unlisted(q Request) string {
	known := make(map[string]bool, len(q.Offer.Fields))
	for _, f := range q.Offer.Fields {
		known[f] = true
	}
	for _, f := range q.Fields {
		if !known[f] {
			return f
		}
	}
	return ""
}

// apply files the application, which is granted by rule in the same command.
func (p Permit) apply(ctx context.Context, l book.Ledger, at time.Time) (Permit, error) {
	q := p.request
	until, err := q.check(q.Dataset, at)
	if err != nil {
		return Permit{}, err
	}
	application, err := q.state(l)
	if err != nil {
		return Permit{}, fmt.Errorf("file application: %w", err)
	}
	answer, err := l.Note(jsonType, []byte(`{"answer":"granted","by":"rule","category":"unconditional"}`))
	if err != nil {
		return Permit{}, fmt.Errorf("file application: %w", err)
	}
	p.Now = true
	p.Grant, err = commandApply.Do(ctx, l, identity.Message{}, nil, applyBody{
		Consumer: q.Consumer, Dataset: q.Dataset, Version: q.Version, Purpose: p.purpose, Until: uint64(until.UnixMilli()),
		Application: application, Grant: answer,
	})
	return p, err
}

// state makes the application's entry: an act of the consumer, or the node's note of what its origin signed.
func (q Request) state(l book.Ledger) (book.Statement, error) {
	payload, err := json.Marshal(struct {
		Consumer string `json:"consumer"`
		Dataset  string `json:"dataset"`
		Version  uint64 `json:"version"`
		Purpose  string `json:"purpose"`
		Application
		Request []byte `json:"request,omitempty"`
	}{q.Consumer.String(), q.Dataset.String(), q.Version, q.Purpose, q.Application, q.Evidence})
	if err != nil {
		return book.Statement{}, err
	}
	remote, err := q.remote(l.Name())
	switch {
	case err != nil:
		return book.Statement{}, err
	case remote:
		return l.Note(jsonType, payload)
	}
	return l.Act(applicationHead(l.Name(), q.Consumer, q.Dataset), jsonType, payload)
}

// check returns the end of the use. What is missing is told all at once (国令809 art 21: once, and completely).
func (a Application) check(dataset identity.Label, at time.Time) (until time.Time, err error) {
	var missing []string
	for _, given := range []struct{ name, value string }{
		{"basis", a.Basis}, {"scenario", a.Scenario}, {"scope", a.Scope}, {"method", a.Method}, {"until", a.Until},
	} {
		switch {
		case strings.TrimSpace(given.value) == "":
			missing = append(missing, given.name)
		case len(given.value) > MaxTextLen:
			return until, text.Fail(text.TooLarge, text.Args{
				"where": given.name, "size": strconv.Itoa(len(given.value)), "limit": strconv.Itoa(MaxTextLen),
			}, nil)
		}
	}
	if len(missing) > 0 {
		return until, text.Fail(text.BasisNeeded, text.Args{"missing": strings.Join(missing, ", "), "dataset": dataset.String()}, nil)
	}
	until, err = time.Parse(time.RFC3339, a.Until)
	if err != nil || !until.After(at) || until.After(at.AddDate(MaxGrantYears, 0, 0)) {
		return until, text.Fail(text.BadRequest, text.Args{
			"where": "until", "reason": fmt.Sprintf("RFC 3339, after %s, within %d years", dayOf(at), MaxGrantYears),
		}, err)
	}
	return until, nil
}

// MaxGrantYears is the longest that a grant by rule may run.
const MaxGrantYears = 5

// Access is what is recorded of a use. It is sealed; what was asked for stands in it as MACs only.
type Access struct {
	Operation  string   `json:"operation"`         // lookup, search, count, verify
	Parameters string   `json:"parameters"`        // MAC of the request's parameters, hex
	Keys       []string `json:"keys,omitempty"`    // MACs of the keys that were answered, hex
	Rows       uint64   `json:"rows"`              // records answered, or counted
	AsOf       uint64   `json:"as_of"`             // index of the last entry that the answer saw
	Outcome    string   `json:"outcome,omitempty"` // of a verification

	Removed uint64 `json:"-"` // retractions and erasures when the data were read
	Probe   []byte `json:"-"` // MAC of the key that is verified; nil for every other operation
}

// RecordUse commits the access record under the request's id, and returns its entry. Only then may the answer
// be given. A refusal with text.DatasetMoved or text.PolicyMoved means: decide and read again, once.
func RecordUse(ctx context.Context, l book.Ledger, id identity.Message, p Permit, a Access) (identity.Entry, error) {
	q := p.request
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
	return book.Enter(ctx, l, commandAccess, id, nil, accessBody{
		Consumer: q.Consumer, Dataset: q.Dataset, Purpose: p.purpose, Version: q.Version,
		Removed: a.Removed, Grant: p.Grant, Probe: append([]byte{}, a.Probe...), Statement: note,
	})
}

// Revoke ends the grant at index, as an act of the provider, and returns the entry.
func Revoke(ctx context.Context, l book.Ledger, id identity.Message, provider identity.Label, grant uint64, reason string) (identity.Entry, error) {
	if strings.TrimSpace(reason) == "" || len(reason) > MaxReasonLen {
		return identity.Entry{}, text.Fail(text.BadRequest, text.Args{
			"where": "reason", "reason": fmt.Sprintf("1..%d bytes", MaxReasonLen),
		}, nil)
	}
	g, err := find(ctx, l, grant)
	if err != nil {
		return identity.Entry{}, err
	}
	payload, err := json.Marshal(map[string]string{"grant": g.Name(l.Log()).String(), "reason": reason})
	if err != nil {
		return identity.Entry{}, fmt.Errorf("revoke grant: %w", err)
	}
	act, err := l.Act(revocationHead(grant, provider, g.Dataset), jsonType, payload)
	if err != nil {
		return identity.Entry{}, fmt.Errorf("revoke grant: %w", err)
	}
	return book.Enter(ctx, l, commandRevoke, id, payload, revokeBody{Grant: grant, Agency: provider, Statement: act})
}

func find(ctx context.Context, l book.Ledger, grant uint64) (g Grant, err error) {
	var ok bool
	err = l.View(ctx, func(r *state.Reader) error {
		g, ok = grantAt(r, grant)
		return nil
	})
	if err == nil && !ok {
		err = text.Fail(text.NotFound, text.Args{"what": "grant", "where": l.Log().Entry(grant).String()}, nil)
	}
	return g, err
}

// ApplicationOf opens the words of a grant's application. An erased one is empty, and so is
// that of a standing grant, for which nobody applied.
func ApplicationOf(l book.Ledger, r *state.Reader, g Grant) (a Application, err error) {
	index, filed := g.Application.Index()
	if !filed {
		return Application{}, nil
	}
	payload, err := l.Payload(r, index)
	if errors.Is(err, book.ErrErased) {
		return Application{}, nil
	}
	if err != nil {
		return Application{}, err
	}
	if err := json.Unmarshal(payload, &a); err != nil {
		return Application{}, fmt.Errorf("decode application: %w", err)
	}
	return a, nil
}
