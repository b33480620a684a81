package sharing

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

// commandGive gives a grant by hand. Its number is that of docs/protocol.md.
const commandGive book.Command[giveBody, ledger.Ref] = 42

type giveBody struct {
	_         struct{}       `cbor:",toarray"`
	Provider  identity.Label // whose act it is
	Consumer  identity.Agency
	Dataset   identity.Label
	Version   uint64 // of the catalogue entry that was decided on
	Purpose   identity.Label
	Until     uint64 // ms since 1970 UTC
	Fields    []string
	Measures  policy.Measures
	Renews    ledger.Ref // see renewed
	Statement book.Statement
}

// Catalogue tells what a dataset offers, and the version of its entry; records.Desk is one. Its
// refusal is text.UnknownDataset.
type Catalogue interface {
	Offered(r *state.Reader, dataset identity.Label) (o policy.Offer, version uint64, err error)

	// Provider returns whose dataset it is, also of one that was withdrawn; zero: nobody's.
	Provider(r *state.Reader, dataset identity.Label) identity.Agency
}

// Terms are what a grant by hand gives, to whom, and on what it rests.
type Terms struct {
	Consumer identity.Agency
	Dataset  identity.Label
	Purpose  string
	Fields   []string        // none: all that the entry lists, now and later
	Measures policy.Measures // nil: all that the entry offers of these fields
	Until    string          // RFC 3339
	Ground
}

// Ground is on what a grant by hand rests: the law or duty, and the number of the paper (文号) by
// which the provider decided. Each has 1 to MaxTextLen bytes.
type Ground struct {
	Basis string `json:"basis"`
	Paper string `json:"paper"`
}

// Order is what a clerk of the provider asks for: a grant of these terms or, with Renew, one that
// renews the grant of that entry. Of the terms a renewal needs the end and the ground alone.
type Order struct {
	Terms
	Renew *uint64
}

// Giving is a grant that was checked and is not given yet, or the grant that the same request had
// given before, or that is the same.
type Giving struct {
	Terms
	request  book.Request
	before   *Given
	provider identity.Label
	purpose  identity.Label
	until    time.Time
	version  uint64
	renews   ledger.Ref
}

// Look checks an order in the state of the reader. Refusals: text.NotProvider for every other
// actor, text.GiveNotShared, text.GiveOwn, text.UnknownPurpose, text.UnknownField and
// text.MeasureNotOffered for what the entry does not offer, text.MeasureOutside for a measure of
// another field than those that are given, text.BasisNeeded, text.NotText,
// text.TooLarge, text.BadRequest for the end, text.GrantShorter and text.GrantNarrower for what
// would take something away from a live grant; of a renewal text.NotFound, text.GrantEndless,
// text.GrantReplaced, text.GrantClosed, text.RenewRevoked and text.EndlessRevoked too.
func Look(r *state.Reader, l book.Ledger, id identity.Message, by Actor, catalogue Catalogue, q Order) (g Giving, err error) {
	var old Grant
	if q.Renew != nil {
		known := false
		if old, known = grantAt(r, *q.Renew); !known {
			return g, text.Fail(text.NotFound, text.Args{"what": "grant", "where": r.Names().Entry(*q.Renew).String()}, nil)
		}
		q.Dataset = old.Dataset
	}
	o, version, err := catalogue.Offered(r, q.Dataset)
	if err != nil {
		return g, err
	}
	provider, err := by.Provider(r, q.Dataset, o.Provider.Code())
	if err != nil {
		return g, err
	}
	asked, err := json.Marshal(q)
	if err != nil {
		return g, fmt.Errorf("give grant: %w", err)
	}
	g = Giving{request: book.By(identity.NewAgency(l.Name(), provider), id, asked), provider: provider, version: version}
	if entry, came, err := commandGive.Before(r, l, g.request); came || err != nil {
		g.before, err = givenAt(r, entry, err)
		return g, err
	}
	if q.Renew != nil {
		if q.Terms, err = old.termsOf(r, o, q.Terms); err != nil {
			return g, err
		}
	}
	g.Terms = q.Terms
	if err := g.check(r, o); err != nil {
		return g, err
	}
	g.before = g.same(r, l, o)
	return g, nil
}

// givenAt returns what was given with an entry.
func givenAt(r *state.Reader, entry ledger.Ref, err error) (*Given, error) {
	if err != nil {
		return nil, err
	}
	index, _ := entry.Index()
	g, _ := grantAt(r, index)
	leaf, err := ledger.DecodeLeaf(r.Leaf(index))
	if err != nil {
		return nil, fmt.Errorf("read entry %d: %w", index, err)
	}
	return &Given{Entry: r.Names().Entry(index), Consumer: g.Consumer, Renews: leaf.Head.About.In(r.Names()), Until: g.Until}, nil
}

// check checks the terms, and completes them.
func (g *Giving) check(r *state.Reader, o policy.Offer) (err error) {
	if err = g.within(o); err != nil {
		return err
	}
	if g.Measures == nil {
		g.Measures = offeredOf(o.Measures, g.Fields)
	}
	if err = g.Ground.check(g.Terms); err != nil {
		return err
	}
	if g.until, err = endOf(g.Terms.Until, time.UnixMilli(int64(r.Clock()))); err != nil {
		return err
	}
	g.purpose, _ = identity.ParseLabel(g.Purpose) // the entry lists it
	g.renews = renewed(r, g.Consumer, g.Dataset, g.purpose)
	return g.takesNothing(r, o)
}

// termsOf returns the terms of a grant that renews this one: all that it gives and the entry still
// offers, with the end and the ground of the order.
func (g Grant) termsOf(r *state.Reader, o policy.Offer, t Terms) (Terms, error) {
	args := text.Args{"grant": g.Name(r.Names()).String(), "dataset": g.Dataset.String(), "next": g.Replaced.In(r.Names()).String()}
	fields := both(g.Fields, o.Fields)
	switch {
	case g.Endless && g.Revoked != ledger.None && g.newest(r).Index == g.Index:
		return t, text.Fail(text.EndlessRevoked, g.endlessRevoked(r.Names(), o.Provider.Code()), nil)
	case g.Endless:
		return t, text.Fail(text.GrantEndless, args, nil)
	case g.Replaced != ledger.None:
		return t, text.Fail(text.GrantReplaced, args, nil)
	case g.Closed != ledger.None:
		args["entry"] = g.Closed.In(r.Names()).String()
		return t, text.Fail(text.GrantClosed, args, nil)
	case g.Revoked != ledger.None:
		args["entry"] = g.Revoked.In(r.Names()).String()
		args["give"] = giving(o.Provider, g.Consumer, g.Dataset, g.Purpose.String(), fields)
		return t, text.Fail(text.RenewRevoked, args, nil)
	case len(fields) == 0: // none of what it named is offered, and no fields stand for all
		fields = g.Fields
	}
	measures := policy.Measures{}
	for field, functions := range g.Measures {
		if still := both(functions, o.Measures[field]); len(still) > 0 {
			measures[field] = still
		}
	}
	return Terms{
		Consumer: g.Consumer, Dataset: g.Dataset, Purpose: g.Purpose.String(), Fields: fields, Measures: measures, Until: t.Until,
		Ground: t.Ground,
	}, nil
}

// both returns the texts that are in both lists, in the order of the first.
func both(a, b []string) (in []string) {
	for _, s := range a {
		if slices.Contains(b, s) {
			in = append(in, s)
		}
	}
	return in
}

// within refuses terms that the entry does not offer.
func (g Giving) within(o policy.Offer) error {
	dataset := g.Dataset.String()
	args := text.Args{"dataset": dataset, "purpose": text.Short(g.Purpose), "purposes": strings.Join(o.Purposes, ", ")}
	missing := without(g.Fields, o.Fields)
	switch {
	case o.Category != policy.Unconditional && o.Category != policy.Conditional:
		return text.Fail(text.GiveNotShared, text.Args{"dataset": dataset, "citation": o.Citation}, nil)
	case g.Consumer == o.Provider:
		return text.Fail(text.GiveOwn, text.Args{"dataset": dataset, "agency": g.Consumer.Code().String()}, nil)
	case !slices.Contains(o.Purposes, g.Purpose):
		return text.Fail(text.UnknownPurpose, args, nil)
	case len(missing) > 0:
		return text.Fail(text.UnknownField, text.Args{
			"dataset": dataset, "field": text.Short(strings.Join(missing, ", ")), "fields": strings.Join(o.Fields, ", "),
		}, nil)
	}
	for _, field := range slices.Sorted(maps.Keys(g.Measures)) {
		for _, f := range g.Measures[field] {
			measure := text.Short(f + "(" + field + ")")
			switch {
			case !slices.Contains(o.Measures[field], f):
				return text.Fail(text.MeasureNotOffered, text.Args{"dataset": dataset, "measure": measure, "offered": Offered(o.Measures, nil)}, nil)
			case len(g.Fields) > 0 && !slices.Contains(g.Fields, field):
				return text.Fail(text.MeasureOutside, text.Args{
					"dataset": dataset, "measure": measure, "field": field, "fields": text.Short(strings.Join(g.Fields, ", ")),
				}, nil)
			}
		}
	}
	return nil
}

// offeredOf returns the measures of those fields; no fields stand for all.
func offeredOf(all policy.Measures, fields []string) policy.Measures {
	some := policy.Measures{}
	for field, functions := range all {
		if len(fields) == 0 || slices.Contains(fields, field) {
			some[field] = slices.Clone(functions)
		}
	}
	return some
}

// MaxFieldsLen bounds the names of the fields that a grant names, together, in bytes: it is read
// with every use.
const MaxFieldsLen = 4 << 10

func (on Ground) check(t Terms) error {
	if missing := missingOf([]member{{"basis", on.Basis}, {"paper", on.Paper}, {"until", t.Until}}); len(missing) > 0 {
		return text.Fail(text.GroundNeeded, text.Args{"missing": strings.Join(missing, ", "), "dataset": t.Dataset.String()}, nil)
	}
	for _, given := range []member{{"basis", on.Basis}, {"paper", on.Paper}} {
		if err := text.Recordable(given.name, given.value); err != nil {
			return err
		}
		if len(given.value) > MaxTextLen {
			return tooLong(given.name, len(given.value), MaxTextLen)
		}
	}
	if size := len(strings.Join(t.Fields, ",")); size > MaxFieldsLen {
		return tooLong("fields", size, MaxFieldsLen)
	}
	return nil
}

func tooLong(where string, size, limit int) error {
	return text.Fail(text.TooLarge, text.Args{"where": where, "size": strconv.Itoa(size), "limit": strconv.Itoa(limit)}, nil)
}

// takesNothing refuses a grant that would take away what a live one gives: the provider does that
// by a revocation, with its reason.
func (g Giving) takesNothing(r *state.Reader, o policy.Offer) error {
	old, ok := latest(r, g.Consumer, g.Dataset, g.purpose)
	if !ok || !old.live(r.Clock()) || o.Stops(*old.permission()) {
		return nil
	}
	args := text.Args{"grant": old.Name(r.Names()).String(), "dataset": g.Dataset.String(), "index": strconv.FormatUint(old.Index, 10)}
	lost, narrower := without(both(old.Fields, o.Fields), g.Fields), false
	switch {
	case g.until.Before(old.Until):
		args["until"] = told(old.Until)
		return text.Fail(text.GrantShorter, args, nil)
	case len(g.Fields) == 0: // all
		lost = nil
	case len(old.Fields) == 0:
		narrower = true // it may have named no field that is left out
	}
	for _, field := range slices.Sorted(maps.Keys(old.Measures)) {
		for _, f := range without(both(old.Measures[field], o.Measures[field]), g.Measures[field]) {
			lost = append(lost, f+"("+field+")")
		}
	}
	if narrower || len(lost) > 0 {
		args["lost"] = strings.Join(lost, ", ")
		return text.Fail(text.GrantNarrower, args, nil)
	}
	return nil
}

// Given is a grant that was given by hand.
type Given struct {
	Entry    identity.Entry
	Consumer identity.Agency
	Renews   identity.Entry // the one that it follows; zero: none
	Until    time.Time

	Unchanged bool // it was given to the word already: nothing was written
}

// Before returns what the same request gave when it came before, or the live grant that is the same
// to the word; nil: it is new.
func (g Giving) Before() *Given { return g.before }

// Give gives the grant, as an act of the provider. It is refused where the catalogue entry, or what
// the consumer holds, has moved since it was checked.
func (g Giving) Give(ctx context.Context, l book.Ledger) (Given, error) {
	payload, err := json.Marshal(struct {
		Answer   string          `json:"answer"`
		By       string          `json:"by"`
		Consumer string          `json:"consumer"`
		Dataset  string          `json:"dataset"`
		Version  uint64          `json:"version"`
		Purpose  string          `json:"purpose"`
		Fields   []string        `json:"fields,omitempty"`
		Measures policy.Measures `json:"measures,omitempty"`
		Until    string          `json:"until"`
		Ground
		Renews string `json:"renews,omitempty"`
	}{
		"granted", "hand", g.Consumer.String(), g.Dataset.String(), g.version, g.Purpose, g.Fields, g.Measures,
		g.until.UTC().Format(time.RFC3339), g.Ground, g.renews.In(l.Names()).String(),
	})
	if err != nil {
		return Given{}, fmt.Errorf("give grant: %w", err)
	}
	act, err := l.Act(givenHead(g.provider, g.Dataset, g.renews), jsonType, payload)
	if err != nil {
		return Given{}, fmt.Errorf("give grant: %w", err)
	}
	entry, err := book.Enter(ctx, l, commandGive, g.request, giveBody{
		Provider: g.provider, Consumer: g.Consumer, Dataset: g.Dataset, Version: g.version, Purpose: g.purpose,
		Until: uint64(g.until.UnixMilli()), Fields: append([]string{}, g.Fields...), Measures: g.Measures, Renews: g.renews,
		Statement: act,
	})
	return Given{Entry: entry, Consumer: g.Consumer, Renews: g.renews.In(l.Names()), Until: g.until}, err
}

func givenHead(provider, dataset identity.Label, renews ledger.Ref) ledger.Head {
	return ledger.Head{Kind: ledger.KindGrant, Agency: provider, Code: dataset, About: renews}
}

// give appends a grant by hand.
func (h handlers) give(tx *state.Tx, b giveBody) (ledger.Ref, error) {
	now, ok := h.datasetState(tx, b.Dataset)
	switch {
	case !ok || now.Version != b.Version:
		return ledger.None, book.Refuse(text.DatasetMoved, b.Dataset.String())
	case now.Provider != b.Provider:
		return ledger.None, book.Refuse(text.NotProvider, b.Provider.String(), b.Dataset.String(), now.Provider.String())
	case renewed(tx, b.Consumer, b.Dataset, b.Purpose) != b.Renews, over(tx, b.Consumer):
		return ledger.None, book.Refuse(text.PolicyMoved, b.Dataset.String())
	case b.Until <= tx.Clock():
		return ledger.None, book.Refuse(text.Expired)
	}
	g := Grant{
		Consumer: b.Consumer, Dataset: b.Dataset, Purpose: b.Purpose, Until: time.UnixMilli(int64(b.Until)), Fields: b.Fields,
		Measures: b.Measures, ByHand: true,
	}
	if err := g.fits(); err != nil {
		return ledger.None, err
	}
	entry, err := b.Statement.Append(tx, givenHead(b.Provider, b.Dataset, b.Renews))
	if err != nil {
		return ledger.None, err
	}
	return entry, g.give(tx, entry, b.Consumer.String())
}
