package sharing

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

// loans is an offer of conditional data.
func loans() policy.Offer {
	return policy.Offer{
		Provider: civil, Category: policy.Conditional, Purposes: []string{"statistics", "residence-check"},
		Fields: []string{"code", "income", "name"}, Measures: policy.Measures{"income": {"sum", "average"}},
	}
}

// offers is a catalogue in which every dataset is offered so.
type offers struct{ policy.Offer }

func (o offers) Offered(*state.Reader, identity.Label) (policy.Offer, uint64, error) {
	return o.Offer, 1, nil
}

func (o offers) Provider(*state.Reader, identity.Label) identity.Agency {
	return o.Offer.Provider
}

var terms = Terms{
	Consumer: neighbour, Dataset: villages, Purpose: "statistics", Until: "2027-11-24T09:00:00Z",
	Ground: Ground{Basis: "《统计法》第十七条", Paper: "黔数〔2026〕12号"},
}

// give gives a grant, by civil unless by says otherwise.
func (r *room) give(t *testing.T, id identity.Message, by Actor, o policy.Offer, q Order) (given Given, err error) {
	t.Helper()
	var g Giving
	err = r.View(t.Context(), func(reader *state.Reader) (err error) {
		g, err = Look(reader, r, id, by, offers{o}, q)
		return err
	})
	if err != nil || g.Before() != nil {
		if err == nil {
			given = *g.Before()
		}
		return given, err
	}
	return g.Give(t.Context(), r)
}

func (r *room) given(t *testing.T, edit func(*Terms)) Given {
	t.Helper()
	with := terms
	if edit != nil {
		edit(&with)
	}
	given, err := r.give(t, newID(), actor(civil), loans(), Order{Terms: with})
	if err != nil {
		t.Fatal(err)
	}
	return given
}

// conditionally asks for conditional data.
func conditionally(consumer identity.Agency) Request {
	q := request(consumer)
	q.Offer, q.Application = loans(), Application{}
	return q
}

// TestGiven (U-B6) gives a grant for conditional data: the next use finds it, and the entry is an
// act of the provider that says on what it rests.
func TestGiven(t *testing.T) {
	r := open(t)
	r.refused(t, "before", text.GrantNeeded, func() error { _, _, err := r.decide(t, conditionally(neighbour)); return err })
	given := r.given(t, nil)
	head := r.Heads(t, given.Entry.Index())[0]
	if head.Kind != ledger.KindGrant || head.Agency != civil.Code() || head.Code != villages || head.About != ledger.None {
		t.Errorf("got the head %+v", head)
	}
	p := r.permitted(t, conditionally(neighbour))
	if index, _ := p.Grant.Index(); index != given.Entry.Index() || p.Now || !p.Until.Equal(given.Until) {
		t.Errorf("got a permit under %d until %s, want %s", index, p.Until, given.Entry)
	}
	mustRecord(t, r, p)
	q := conditionally(neighbour)
	q.Measure = sumIncome
	r.permitted(t, q) // without --measures the grant gives all that are offered
	r.reading(t, func(reader *state.Reader) {
		g, _ := grantAt(reader, given.Entry.Index())
		w, err := WordsOf(r, reader, g)
		if err != nil || w.Paper != terms.Paper || w.Basis != terms.Basis || !g.ByHand || g.Uses != 1 {
			t.Errorf("got %+v, %+v, %v", g, w, err)
		}
		if c, ok, err := ConsumerOf(reader, given.Entry.Index()); err != nil || !ok || c != neighbour {
			t.Errorf("it belongs to %s, %t, %v", c, ok, err)
		}
	})
	for what, consumer := range map[string]identity.Agency{"its namesake here": water, "another there": agency("yunyan.guiyang.guizhou", "tax")} {
		r.refused(t, what, text.GrantNeeded, func() error { _, _, err := r.decide(t, conditionally(consumer)); return err })
	}
}

// TestNotGiven attacks the giving (G01): whoever is not the provider, terms that the entry does not
// offer, ends in the past and for ever.
func TestNotGiven(t *testing.T) {
	shared := func(c policy.Category) policy.Offer {
		o := loans()
		o.Category, o.Citation = c, "law art 1"
		return o
	}
	for what, row := range map[string]struct {
		by    identity.Agency
		offer policy.Offer
		edit  func(*Terms)
		want  text.Code
		args  text.Args // some of them
	}{
		"by another agency's clerk": {namesake, loans(), nil, text.NotProvider, nil},
		"by another agency here":    {water, loans(), nil, text.NotProvider, nil},
		"by the consumer":           {neighbour, loans(), nil, text.NotProvider, nil},
		"what is not shared":        {civil, shared(policy.NotShared), nil, text.GiveNotShared, text.Args{"citation": "law art 1"}},
		"of no category":            {civil, shared(9), nil, text.GiveNotShared, nil},
		"to oneself":                {civil, loans(), func(q *Terms) { q.Consumer = civil }, text.GiveOwn, nil},
		"another purpose":           {civil, loans(), func(q *Terms) { q.Purpose = "marketing" }, text.UnknownPurpose, nil},
		"what is no purpose":        {civil, loans(), func(q *Terms) { q.Purpose = "No Code" }, text.UnknownPurpose, nil},
		"no purpose":                {civil, loans(), func(q *Terms) { q.Purpose = "" }, text.UnknownPurpose, nil},
		"another field":             {civil, loans(), func(q *Terms) { q.Fields = []string{"code", "height"} }, text.UnknownField, text.Args{"field": "height"}},
		"another measure": {civil, loans(), func(q *Terms) { q.Measures = policy.Measures{"income": {"maximum"}} },
			text.MeasureNotOffered, text.Args{"measure": "maximum(income)", "offered": "income: sum, average"}},
		"a measure of a field that it does not give": {civil, loans(), func(q *Terms) {
			q.Fields, q.Measures = []string{"code"}, policy.Measures{"income": {"sum"}}
		}, text.MeasureOutside, text.Args{"measure": "sum(income)", "field": "income", "fields": "code"}},
		"a measure that nobody offers, of a field that it does not give": {civil, loans(), func(q *Terms) {
			q.Fields, q.Measures = []string{"code"}, policy.Measures{"income": {"maximum"}}
		}, text.MeasureNotOffered, text.Args{"offered": "income: sum, average"}},
		"no ground":     {civil, loans(), func(q *Terms) { q.Basis, q.Paper, q.Until = "", " ", "" }, text.GroundNeeded, text.Args{"missing": "basis, paper, until"}},
		"no paper":      {civil, loans(), func(q *Terms) { q.Paper = "" }, text.GroundNeeded, text.Args{"missing": "paper"}},
		"a long basis":  {civil, loans(), func(q *Terms) { q.Basis = strings.Repeat("x", MaxTextLen+1) }, text.TooLarge, text.Args{"where": "basis"}},
		"until 1970":    {civil, loans(), func(q *Terms) { q.Until = "1970-01-01T00:00:00Z" }, text.BadRequest, text.Args{"where": "until"}},
		"until 9999":    {civil, loans(), func(q *Terms) { q.Until = "9999-12-31T23:59:59Z" }, text.BadRequest, text.Args{"where": "until"}},
		"until someday": {civil, loans(), func(q *Terms) { q.Until = "someday" }, text.BadRequest, text.Args{"where": "until"}},
	} {
		r, with := open(t), terms
		if row.edit != nil {
			row.edit(&with)
		}
		args := r.refused(t, what, row.want, func() error {
			_, err := r.give(t, newID(), actor(row.by), row.offer, Order{Terms: with})
			return err
		})
		for name, want := range row.args {
			if args[name] != want {
				t.Errorf("%s: got %s %q, want %q", what, name, args[name], want)
			}
		}
	}
}

// TestGiveOnce sends an order again under its key: it gets the same grant. Another order under the
// key is refused.
func TestGiveOnce(t *testing.T) {
	r, id := open(t), newID()
	first, err := r.give(t, id, actor(civil), loans(), Order{Terms: terms})
	if err != nil {
		t.Fatal(err)
	}
	before := r.size(t)
	again, err := r.give(t, id, actor(civil), loans(), Order{Terms: terms})
	if err != nil || again.Entry != first.Entry || !again.Until.Equal(first.Until) || r.size(t) != before {
		t.Errorf("again: got %+v, %v, want %+v and no entry more", again, err, first)
	}
	other := terms
	other.Paper = "x"
	r.refused(t, "another order", text.IDReused, func() error {
		_, err := r.give(t, id, actor(civil), loans(), Order{Terms: other})
		return err
	})
	id = newID()
	index := first.Entry.Index()
	renewal := Order{Renew: &index, Terms: Terms{Until: "2029-11-24T09:00:00Z", Ground: terms.Ground}}
	renewed, err := r.give(t, id, actor(civil), loans(), renewal)
	if err != nil || renewed.Renews != first.Entry {
		t.Fatalf("got %+v, %v", renewed, err)
	}
	if again, err := r.give(t, id, actor(civil), loans(), renewal); err != nil || again.Entry != renewed.Entry || again.Renews != first.Entry {
		t.Errorf("a renewal again: got %+v, %v, want %+v", again, err, renewed)
	}
}

// TestAgainAfterRevocation: after a revocation the jurisdiction gets no grant by rule, and a grant
// by hand opens the way again for the agency that it is for.
func TestAgainAfterRevocation(t *testing.T) {
	r := open(t)
	place := neighbour.Jurisdiction().String()
	r.revoke(t, r.permitted(t, request(neighbour)))
	open := func() (o policy.Offer) { o = loans(); o.Category = policy.Unconditional; return o }()
	given, err := r.give(t, newID(), actor(civil), open, Order{Terms: terms})
	if err != nil || !given.Renews.IsZero() {
		t.Fatalf("got %+v, %v", given, err)
	}
	if p := r.permitted(t, request(neighbour)); p.Now {
		t.Errorf("got %+v", p)
	}
	mustRecord(t, r, r.permitted(t, request(neighbour)))
	r.refused(t, "another agency", text.NoGrantByRule, func() error {
		_, _, err := r.decide(t, request(agency(place, "tax")))
		return err
	})
	later := request(neighbour)
	later.Until = "2028-11-24T09:00:00Z"
	args := r.refused(t, "a later end by rule", text.NotRenewable, func() error { _, _, err := r.decide(t, later); return err })
	if want := fmt.Sprintf("xietong grant renew %d --in nanming.guiyang.guizhou --as civil-affairs", given.Entry.Index()); args["renew"] != want || args["until"] != "2027-11-24T09:00:00Z" {
		t.Errorf("got %v, want %s", args, want)
	}
}

// TestRenewByHand (U-B7, G03) renews a grant before and after its end: the new one names it and
// counts, and gives all that it gave.
func TestRenewByHand(t *testing.T) {
	for what, wait := range map[string]time.Duration{"before its end": 0, "after it": 400 * 24 * time.Hour} {
		r := open(t)
		old := r.given(t, func(q *Terms) { q.Fields, q.Measures = []string{"income", "code"}, policy.Measures{"income": {"sum"}} })
		p := r.permitted(t, conditionally(neighbour))
		r.later(t, wait)
		index := old.Entry.Index()
		given, err := r.give(t, newID(), actor(civil), loans(), Order{Renew: &index, Terms: Terms{
			Until: "2030-11-24T09:00:00Z", Ground: Ground{Basis: "b", Paper: "p"},
		}})
		if err != nil || given.Renews != old.Entry || given.Consumer != neighbour {
			t.Fatalf("%s: got %+v, %v", what, given, err)
		}
		if head := r.Heads(t, given.Entry.Index())[0]; head.About != ledger.RefTo(index) {
			t.Errorf("%s: the entry is about %d", what, head.About)
		}
		all := r.grants(t)
		if all[1].Until.Year() != 2030 || !slices.Equal(all[1].Fields, all[0].Fields) || !all[1].Measures.Equal(all[0].Measures) || !all[1].ByHand {
			t.Errorf("%s: got %+v", what, all)
		}
		if got := all[0].StateAt(uint64(r.Clock.UnixMilli()), loans()); got != Replaced {
			t.Errorf("%s: the old one is in state %d", what, got)
		}
		if wait == 0 {
			mustRecord(t, r, p) // decided under the one before
			r.revoke(t, r.permitted(t, conditionally(neighbour)))
			r.refused(t, "under the one before, after the new one was revoked", text.GrantRevoked, func() error { _, err := r.record(t, p); return err })
		}
	}
}

// TestNotRenewed holds what cannot be renewed, and that the refusal says what to do.
func TestNotRenewed(t *testing.T) {
	r := open(t)
	old := r.given(t, nil)
	renew := func(by identity.Agency, index uint64, until string) error {
		_, err := r.give(t, newID(), actor(by), loans(), Order{Renew: &index, Terms: Terms{Until: until, Ground: terms.Ground}})
		return err
	}
	args := r.refused(t, "an earlier end", text.GrantShorter, func() error { return renew(civil, old.Entry.Index(), "2027-11-23T09:00:00Z") })
	if args["until"] != "2027-11-24T09:00:00Z" || args["index"] != fmt.Sprint(old.Entry.Index()) {
		t.Errorf("got %v", args)
	}
	r.refused(t, "no such grant", text.NotFound, func() error { return renew(civil, 99, terms.Until) })
	r.refused(t, "by the consumer", text.NotProvider, func() error { return renew(neighbour, old.Entry.Index(), "2028-11-24T09:00:00Z") })
	next := r.given(t, func(q *Terms) { q.Until = "2028-11-24T09:00:00Z" })
	args = r.refused(t, "one that was replaced", text.GrantReplaced, func() error { return renew(civil, old.Entry.Index(), "2029-11-24T09:00:00Z") })
	if args["next"] != next.Entry.String() {
		t.Errorf("got %v", args)
	}
	r.refused(t, "revoke one that was replaced", text.GrantReplaced, func() error {
		_, err := Revoke(t.Context(), r, newID(), actor(civil), old.Entry.Index(), "r")
		return err
	})
	if _, err := Revoke(t.Context(), r, newID(), actor(civil), next.Entry.Index(), "r"); err != nil {
		t.Fatal(err)
	}
	args = r.refused(t, "one that was revoked", text.RenewRevoked, func() error { return renew(civil, next.Entry.Index(), "2029-11-24T09:00:00Z") })
	if !strings.HasPrefix(args["give"], "xietong grant give villages water@yunyan.guiyang.guizhou ") {
		t.Errorf("got %v", args)
	}
	if err := r.stand(t, nil, statistics); err != nil {
		t.Fatal(err)
	}
	all := r.grants(t)
	r.refused(t, "one without an end", text.GrantEndless, func() error { return renew(civil, all[len(all)-1].Index, terms.Until) })
}

// TestGivenAgain: a grant that is given again to the word, by another request, is the one that is
// there; with another end or paper, or once that one was revoked, it is a new one.
func TestGivenAgain(t *testing.T) {
	r := open(t)
	with := func(q *Terms) { q.Fields = []string{"code", "income"} }
	first := r.given(t, with)
	again := r.given(t, with)
	if again.Entry != first.Entry || !again.Unchanged || first.Unchanged || !again.Until.Equal(first.Until) {
		t.Errorf("got %+v, want %+v and that nothing was written", again, first)
	}
	for what, edit := range map[string]func(*Terms){
		"a later end": func(q *Terms) { with(q); q.Until = "2027-11-25T09:00:00Z" }, "another paper": func(q *Terms) { with(q); q.Paper = "2" },
		"more fields": func(q *Terms) { q.Fields = nil },
	} {
		r := open(t)
		first := r.given(t, with)
		if got := r.given(t, edit); got.Entry == first.Entry || got.Unchanged || got.Renews != first.Entry {
			t.Errorf("%s: got %+v after %+v", what, got, first)
		}
	}
	if _, err := Revoke(t.Context(), r, newID(), actor(civil), first.Entry.Index(), "r"); err != nil {
		t.Fatal(err)
	}
	if got := r.given(t, with); got.Entry == first.Entry || got.Unchanged {
		t.Errorf("after it was revoked: got %+v", got)
	}
}

// TestNothingTakenAway: a grant in place of a live one gives all that that gave.
func TestNothingTakenAway(t *testing.T) {
	r := open(t)
	r.given(t, func(q *Terms) { q.Fields = []string{"code", "income"} })
	for what, row := range map[string]struct {
		edit func(*Terms)
		lost string
	}{
		"a field less":   {func(q *Terms) { q.Fields = []string{"income", "name"} }, "code"},
		"measures less":  {func(q *Terms) { q.Measures = policy.Measures{"income": {"sum"}} }, "average(income)"},
		"no measure":     {func(q *Terms) { q.Measures = policy.Measures{} }, "sum(income), average(income)"},
		"another's more": {func(q *Terms) { q.Fields = []string{"code", "name"} }, "income, sum(income), average(income)"},
	} {
		with := terms
		row.edit(&with)
		args := r.refused(t, what, text.GrantNarrower, func() error {
			_, err := r.give(t, newID(), actor(civil), loans(), Order{Terms: with})
			return err
		})
		if args["lost"] != row.lost {
			t.Errorf("%s: got %q, want %q", what, args["lost"], row.lost)
		}
	}
	all := r.given(t, nil)
	with := terms
	with.Fields = []string{"code", "income", "name"}
	r.refused(t, "all fields before", text.GrantNarrower, func() error {
		_, err := r.give(t, newID(), actor(civil), loans(), Order{Terms: with})
		return err
	})
	q := conditionally(neighbour)
	q.Fields = []string{"code", "income", "name"}
	if p := r.permitted(t, q); p.Grant != ledger.RefTo(all.Entry.Index()) {
		t.Errorf("got %+v", p)
	}
}

// TestGiveMoved checks that nothing is given where something moved after it was checked.
func TestGiveMoved(t *testing.T) {
	for what, row := range map[string]struct {
		move func(*testing.T, *room)
		want text.Code
	}{
		"another version":   {func(_ *testing.T, r *room) { r.now.Version++ }, text.DatasetMoved},
		"no dataset":        {func(_ *testing.T, r *room) { r.none = true }, text.DatasetMoved},
		"another provider":  {func(_ *testing.T, r *room) { r.now.Provider = water.Code() }, text.NotProvider},
		"another grant":     {func(t *testing.T, r *room) { r.given(t, nil) }, text.PolicyMoved},
		"its end has come":  {func(t *testing.T, r *room) { r.later(t, 366*24*time.Hour) }, text.Expired},
		"a grant by rule":   {func(t *testing.T, r *room) { r.permitted(t, request(neighbour)) }, text.PolicyMoved},
		"nothing":           {func(*testing.T, *room) {}, ""},
		"somebody else's":   {func(t *testing.T, r *room) { r.permitted(t, request(water)) }, ""},
		"another's by hand": {func(t *testing.T, r *room) { r.given(t, func(q *Terms) { q.Consumer = namesake }) }, ""},
	} {
		r := open(t)
		var g Giving
		r.reading(t, func(reader *state.Reader) {
			g = must(Look(reader, r, newID(), actor(civil), offers{loans()}, Order{Terms: terms}))
		})
		row.move(t, r)
		if row.want == "" {
			if _, err := g.Give(t.Context(), r); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			continue
		}
		r.refused(t, what, row.want, func() error { _, err := g.Give(t.Context(), r); return err })
	}
}

// TestRenewByRule (U-B7, G02): an application with a later end renews a grant by rule; an end that
// is no later leaves it. The application names the grant that it renews.
func TestRenewByRule(t *testing.T) {
	r := open(t)
	first := r.permitted(t, request(water))
	for _, until := range []string{applied.Until, "2027-11-25T08:59:59Z", "2027-01-01T00:00:00Z", "2028-11-24T09:00:00Z"} {
		q, renewed := request(water), until == "2028-11-24T09:00:00Z"
		q.Until = until
		if p := r.permitted(t, q); p.Now != renewed || (p.Grant != first.Grant) != renewed || renewed != (p.Until.Year() == 2028) {
			t.Errorf("until %s: got %+v", until, p)
		}
	}
	all := r.grants(t)
	if len(all) != 2 || all[0].Replaced != ledger.RefTo(all[1].Index) {
		t.Fatalf("got %+v", all)
	}
	r.reading(t, func(reader *state.Reader) {
		w, err := WordsOf(r, reader, all[1])
		if err != nil || w.Renews != all[0].Name(r.Names()).String() {
			t.Errorf("got %+v, %v", w, err)
		}
	})
	bad := request(water)
	bad.Until = "2028"
	r.refused(t, "an end that is no time", text.BadRequest, func() error { _, _, err := r.decide(t, bad); return err })
	bad.Application = Application{Until: "2030-11-24T09:00:00Z"}
	r.refused(t, "without its ground", text.BasisNeeded, func() error { _, err := PermitUse(t.Context(), r, bad); return err })
	bad.Application = applied
	bad.Until = "9999-12-31T23:59:59Z"
	r.refused(t, "for ever", text.BadRequest, func() error { _, err := PermitUse(t.Context(), r, bad); return err })
}

// TestEndedMeanwhile: a grant that has ended when the use is recorded, after a time without
// entries, is told as one that had ended before.
func TestEndedMeanwhile(t *testing.T) {
	ended := Application{}
	for what, row := range map[string]struct {
		request func(*room) Request
		want    text.Code
	}{
		"by rule": {func(r *room) Request {
			r.permitted(t, request(water))
			q := request(water)
			q.Application = ended
			return q
		}, text.GrantExpired},
		"with an application": {func(r *room) Request { r.permitted(t, request(water)); return request(water) }, text.PolicyMoved},
		"with conditions":     {func(r *room) Request { r.given(t, nil); return conditionally(neighbour) }, text.GrantEnded},
		"of one that is barred": {func(r *room) Request {
			r.revoke(t, r.permitted(t, request(neighbour)))
			r.given(t, nil)
			return request(neighbour)
		}, text.GrantEnded},
	} {
		r := open(t)
		p := r.permitted(t, row.request(r))
		r.Clock = r.Clock.Add(366 * 24 * time.Hour)
		args := r.refused(t, what, row.want, func() error { _, err := r.record(t, p); return err })
		if row.want != text.PolicyMoved && args["until"] != "2027-11-24T09:00:00Z" {
			t.Errorf("%s: got %v", what, args)
		}
	}
}

// TestByHandStands: no grant by rule comes in the place of a live one by hand.
func TestByHandStands(t *testing.T) {
	r := open(t)
	given := r.given(t, func(q *Terms) { q.Fields = []string{"code"} })
	q := request(neighbour)
	q.Fields = []string{"code", "name"}
	args := r.refused(t, "another field", text.FieldNotGranted, func() error { _, err := PermitUse(t.Context(), r, q); return err })
	if args["field"] != "name" || args["fields"] != "code" || !strings.HasSuffix(args["give"], " --fields code,name") {
		t.Errorf("got %v", args)
	}
	q = conditionally(neighbour)
	q.Measure, q.Fields = gather.Measure{Function: gather.Sum, Field: "income"}, []string{"code"}
	args = r.refused(t, "another measure", text.MeasureNotGranted, func() error { _, _, err := r.decide(t, q); return err })
	if args["measure"] != "sum(income)" || args["grant"] != given.Entry.String() {
		t.Errorf("got %v", args)
	}
	_, apply, err := r.decide(t, request(agency(neighbour.Jurisdiction().String(), "tax")))
	if err != nil || !apply {
		t.Errorf("another agency: %t, %v", apply, err)
	}
	r.later(t, 366*24*time.Hour)
	q = request(neighbour)
	q.Until = "2028-11-24T09:00:00Z"
	if p := r.permitted(t, q); !p.Now {
		t.Errorf("after its end: %+v", p)
	}
	if r.grants(t)[1].ByHand {
		t.Error("got a grant by hand, want one by rule")
	}
}
