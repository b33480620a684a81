package policy

import (
	"slices"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/gather"
)

func agency(t *testing.T, place, code string) identity.Agency {
	t.Helper()
	a, err := identity.ParseAgency("spiffe://" + place + "/agency/" + code)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestDecide(t *testing.T) {
	civil, housing := agency(t, "nanming.guiyang.guizhou", "civil-affairs"), agency(t, "nanming.guiyang.guizhou", "housing")
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	offer := func(c Category) Offer {
		return Offer{Provider: civil, Category: c, Purposes: []string{"residence-check", "statistics"}, Fields: []string{"code", "name"}}
	}
	grant := Permission{Purpose: "residence-check", Until: now.Add(time.Hour)}
	with := func(edit func(*Permission)) *Permission {
		g := grant
		edit(&g)
		return &g
	}
	byHand := with(func(g *Permission) { g.ByHand = true })
	use := Use{Consumer: housing, Purpose: "residence-check", Fields: []string{"name"}, At: now}
	barred := use
	barred.Barred = true
	until := func(end time.Time) Use {
		u := use
		u.Until, u.Applies = end, true
		return u
	}
	for _, row := range []struct {
		what  string
		offer Offer
		grant *Permission
		use   Use
		want  Verdict
	}{
		{"first use of unconditional data", offer(Unconditional), nil, use, NeedsApplication},
		{"under a grant", offer(Unconditional), &grant, use, Allowed},
		{"conditional without a grant", offer(Conditional), nil, use, NeedsGrant},
		{"conditional under a grant by rule", offer(Conditional), &grant, use, NeedsGrant},
		{"conditional under a grant by hand", offer(Conditional), byHand, use, Allowed},
		{"not shared", offer(NotShared), &grant, use, ForbiddenByLaw},
		{"of no category", offer(0), &grant, use, ForbiddenByLaw},
		{"of a later category", offer(9), &grant, use, ForbiddenByLaw},
		{"the provider's own", offer(NotShared), nil, Use{Consumer: civil, Purpose: "statistics", At: now}, Allowed},
		{"no purpose", offer(NotShared), &grant, Use{Consumer: housing, At: now}, NoPurpose},
		{"purpose not listed", offer(Unconditional), &grant, Use{Consumer: housing, Purpose: "marketing", At: now}, UnknownPurpose},
		{"purpose not granted", offer(Unconditional), &grant, Use{Consumer: housing, Purpose: "statistics", At: now}, NeedsApplication},
		{"unknown field", offer(Unconditional), &grant, Use{Consumer: housing, Purpose: "residence-check", Fields: []string{"income"}, At: now}, UnknownField},
		{"field not granted by rule", offer(Unconditional), with(func(g *Permission) { g.Fields = []string{"code"} }), use, NeedsApplication},
		{"field not granted by hand", offer(Unconditional), with(func(g *Permission) { g.Fields, g.ByHand = []string{"code"}, true }), use, FieldNotGranted},
		{"field not granted, with conditions", offer(Conditional), with(func(g *Permission) { g.Fields, g.ByHand = []string{"code"}, true }), use, FieldNotGranted},
		{"field not granted, barred", offer(Unconditional), with(func(g *Permission) { g.Fields = []string{"code"} }), barred, FieldNotGranted},
		{"a field that it gives", offer(Conditional), with(func(g *Permission) { g.Fields, g.ByHand = []string{"name", "code"}, true }), use, Allowed},
		{"revoked", offer(Unconditional), with(func(g *Permission) { g.Revoked = true }), use, GrantRevoked},
		{"the last moment", offer(Unconditional), with(func(g *Permission) { g.Until = now.Add(1) }), use, Allowed},
		{"barred from a grant by rule", offer(Unconditional), nil, barred, NoGrantByRule},
		{"barred, under a grant", offer(Unconditional), &grant, barred, Allowed},
		{"barred, without the grant by hand", offer(Conditional), nil, barred, NeedsGrant},
		{"expired now", offer(Unconditional), with(func(g *Permission) { g.Until = now }), use, GrantExpired},
		{"expired, with an application", offer(Unconditional), with(func(g *Permission) { g.Until = now }), until(now.Add(time.Hour)), NeedsApplication},
		{"expired, given by hand", offer(Unconditional), with(func(g *Permission) { g.Until, g.ByHand = now, true }), until(now.Add(time.Hour)), NeedsApplication},
		{"expired, barred", offer(Unconditional), with(func(g *Permission) { g.Until = now }), barred, GrantEnded},
		{"expired, with conditions", offer(Conditional), with(func(g *Permission) { g.Until, g.ByHand = now, true }), until(now.Add(time.Hour)), GrantEnded},
		{"an end as before", offer(Unconditional), &grant, until(grant.Until), Allowed},
		{"an earlier end", offer(Unconditional), &grant, until(now.Add(time.Minute)), Allowed},
		{"an end of less than a day more", offer(Unconditional), &grant, until(grant.Until.Add(LeastRenewal - 1)), Allowed},
		{"a later end", offer(Unconditional), &grant, until(grant.Until.Add(LeastRenewal)), NeedsApplication},
		{"a later end, given by hand", offer(Unconditional), with(func(g *Permission) { g.ByHand = true }), until(grant.Until.Add(LeastRenewal)), NotRenewable},
		{"a later end, with conditions", offer(Conditional), byHand, until(grant.Until.Add(LeastRenewal)), NotRenewable},
	} {
		if got := Decide(row.offer, row.grant, row.use); got != row.want {
			t.Errorf("%s: got %d, want %d", row.what, got, row.want)
		}
	}
}

// TestEndless checks that an endless permission covers exactly this: an agency of a jurisdiction
// above measures all records, for a purpose and by fields that the entry names.
func TestEndless(t *testing.T) {
	civil := agency(t, "nanming.guiyang.guizhou", "civil-affairs")
	city, province := agency(t, "guiyang.guizhou", "water"), agency(t, "guizhou", "statistics")
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	offer := Offer{
		Provider: civil, Category: Conditional, Purposes: []string{"statistics", "residence-check"}, Fields: []string{"code"}, Counts: []string{"statistics"}, GroupBy: []string{"code"},
		Measures: Measures{"code": {"sum"}},
	}
	grant := Permission{Purpose: "statistics", Endless: true, Measures: Measures{"code": {"sum"}}}
	count := Use{Consumer: province, Purpose: "statistics", Measure: gather.Measure{Function: gather.Count}, Whole: true, At: now}
	for what, row := range map[string]struct {
		edit func(*Offer, *Permission, *Use)
		want Verdict
	}{
		"by the province":       {func(*Offer, *Permission, *Use) {}, Allowed},
		"by the city":           {func(_ *Offer, _ *Permission, u *Use) { u.Consumer = city }, Allowed},
		"by a sibling":          {func(_ *Offer, _ *Permission, u *Use) { u.Consumer = agency(t, "yunyan.guiyang.guizhou", "water") }, NeedsApplication},
		"by one elsewhere":      {func(_ *Offer, _ *Permission, u *Use) { u.Consumer = agency(t, "zunyi.guizhou", "water") }, NeedsApplication},
		"by one below":          {func(_ *Offer, _ *Permission, u *Use) { u.Consumer = agency(t, "town.nanming.guiyang.guizhou", "water") }, NeedsApplication},
		"by another department": {func(_ *Offer, _ *Permission, u *Use) { u.Consumer = agency(t, "nanming.guiyang.guizhou", "water") }, NeedsApplication},
		"records":               {func(_ *Offer, _ *Permission, u *Use) { u.Measure.Function = gather.None }, NeedsApplication},
		"for another purpose":   {func(_ *Offer, _ *Permission, u *Use) { u.Purpose = "residence-check" }, NeedsApplication},
		"no more in the entry":  {func(o *Offer, _ *Permission, _ *Use) { o.Counts = nil }, NeedsApplication},
		"of another purpose":    {func(_ *Offer, g *Permission, _ *Use) { g.Purpose = "residence-check" }, NeedsApplication},
		"revoked":               {func(_ *Offer, g *Permission, _ *Use) { g.Revoked = true }, GrantRevoked},
		"of what is not shared": {func(o *Offer, _ *Permission, _ *Use) { o.Category = NotShared }, ForbiddenByLaw},
		"by a field":            {func(_ *Offer, _ *Permission, u *Use) { u.Measure.By = []gather.By{{Field: "code"}} }, Allowed},
		"by another field":      {func(_ *Offer, _ *Permission, u *Use) { u.Measure.By = []gather.By{{Field: "name"}} }, NeedsApplication},
		"by a field too many":   {func(_ *Offer, _ *Permission, u *Use) { u.Measure.By = []gather.By{{Field: "code"}, {Field: "name"}} }, NeedsApplication},
		"by places":             {func(_ *Offer, _ *Permission, u *Use) { u.Measure.By = []gather.By{{Level: "county"}} }, Allowed},
		"of some":               {func(_ *Offer, _ *Permission, u *Use) { u.Whole = false }, NeedsApplication},
		"a sum":                 {func(_ *Offer, _ *Permission, u *Use) { u.Measure = sum("code") }, Allowed},
		"a sum by a field":      {func(_ *Offer, _ *Permission, u *Use) { u.Measure = sum("code", "code") }, Allowed},
		"a sum that it does not name": {func(_ *Offer, g *Permission, u *Use) {
			u.Measure, g.Measures = sum("code"), nil
		}, NeedsApplication},
		"a sum that is offered no more": {func(o *Offer, _ *Permission, u *Use) {
			u.Measure, o.Measures = sum("code"), nil
		}, MeasureNotOffered},
		"with no purpose": {func(_ *Offer, _ *Permission, u *Use) { u.Purpose = "" }, NoPurpose},
	} {
		o, g, u := offer, grant, count
		row.edit(&o, &g, &u)
		if got := Decide(o, &g, u); got != row.want {
			t.Errorf("%s: got %d, want %d", what, got, row.want)
		}
		exceeds := slices.Contains([]string{"by another field", "by a field too many", "of some"}, what)
		if got := o.Exceeds(u); got != exceeds {
			t.Errorf("%s: exceeds what needs no application: got %t", what, got)
		}
	}
}

// sum returns the measure of a field's sum, grouped by the fields.
func sum(field string, by ...string) gather.Measure {
	m := gather.Measure{Function: gather.Sum, Field: field}
	for _, b := range by {
		m.By = append(m.By, gather.By{Field: b})
	}
	return m
}

// TestMeasures checks which measures are allowed: those that the entry declares, by fields that it
// declares, under a grant that names them.
func TestMeasures(t *testing.T) {
	civil, housing := agency(t, "nanming.guiyang.guizhou", "civil-affairs"), agency(t, "nanming.guiyang.guizhou", "housing")
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	offer := Offer{
		Provider: civil, Purposes: []string{"statistics"}, Fields: []string{"age", "income", "sex", "town"},
		GroupBy: []string{"sex"}, Measures: Measures{"income": {"sum", "average"}},
	}
	grant := Permission{Purpose: "statistics", Until: now.Add(time.Hour), Measures: Measures{"income": {"sum"}}}
	byHand := grant
	byHand.ByHand = true
	average := gather.Measure{Function: gather.Average, Field: "income"}
	none, count := gather.Measure{}, gather.Measure{Function: gather.Count}
	byTown := gather.Measure{Function: gather.Count, By: []gather.By{{Field: "town"}}}
	for _, row := range []struct {
		what      string
		measure   gather.Measure
		byGrant   Verdict // of unconditional data, under a grant that names a sum
		condition Verdict // of conditional data, under the same
		without   Verdict // of unconditional data, under none
	}{
		{"the records", none, Allowed, Allowed, NeedsApplication},
		{"a count", count, Allowed, Allowed, NeedsApplication},
		{"a count by any field", byTown, Allowed, Allowed, NeedsApplication},
		{"a sum", sum("income"), Allowed, Allowed, NeedsApplication},
		{"a sum by a field", sum("income", "sex"), Allowed, Allowed, NeedsApplication},
		{"a sum by a field not declared", sum("income", "town"), MeasureNotOffered, MeasureNotOffered, MeasureNotOffered},
		{"a sum by two, of which one is", sum("income", "sex", "town"), MeasureNotOffered, MeasureNotOffered, MeasureNotOffered},
		{"an average, not named", average, NeedsApplication, MeasureNotGranted, NeedsApplication},
		{"a minimum", gather.Measure{Function: gather.Minimum, Field: "income"}, MeasureNotOffered, MeasureNotOffered, MeasureNotOffered},
		{"a sum of another field", sum("age"), MeasureNotOffered, MeasureNotOffered, MeasureNotOffered},
	} {
		u := Use{Consumer: housing, Purpose: "statistics", Fields: row.measure.Fields(), Measure: row.measure, At: now}
		open, conditional := offer, offer
		open.Category, conditional.Category = Unconditional, Conditional
		for what, verdicts := range map[string][2]Verdict{
			"under a grant":   {Decide(open, &grant, u), row.byGrant},
			"with conditions": {Decide(conditional, &byHand, u), row.condition},
			"without a grant": {Decide(open, nil, u), row.without},
			"of what is not shared": {Decide(Offer{
				Provider: civil, Category: NotShared, Purposes: offer.Purposes, Fields: offer.Fields,
			}, &grant, u), ForbiddenByLaw},
		} {
			if got, want := verdicts[0], verdicts[1]; got != want {
				t.Errorf("%s, %s: got %d, want %d", row.what, what, got, want)
			}
		}
		u.Consumer = civil
		if got := Decide(conditional, nil, u); got != Allowed {
			t.Errorf("%s, by the provider: got %d, want %d", row.what, got, Allowed)
		}
	}
}

// TestStops checks under which grants a category lets somebody use the data.
func TestStops(t *testing.T) {
	for category, want := range map[Category][3]bool{Unconditional: {}, Conditional: {true, false, false}, NotShared: {true, true, true}, 9: {true, true, true}} {
		o := Offer{Category: category}
		if got := [3]bool{o.Stops(Permission{}), o.Stops(Permission{ByHand: true}), o.Stops(Permission{Endless: true})}; got != want {
			t.Errorf("%d: got %v, want %v by rule, by hand, endless", category, got, want)
		}
	}
}

// TestMeasuresEqual checks that Equal compares the functions of each field in their order.
func TestMeasuresEqual(t *testing.T) {
	m := Measures{"income": {"sum", "average"}}
	for what, row := range map[string]struct {
		other Measures
		want  bool
	}{
		"the same": {Measures{"income": {"sum", "average"}}, true}, "less": {Measures{"income": {"sum"}}, false},
		"more": {Measures{"income": {"sum", "average"}, "age": {"sum"}}, false}, "none": {nil, false},
		"of another field": {Measures{"age": {"sum", "average"}}, false}, "in another order": {Measures{"income": {"average", "sum"}}, false},
	} {
		if got := m.Equal(row.other); got != row.want {
			t.Errorf("%s: got %t, want %t", what, got, row.want)
		}
	}
	if !Measures(nil).Equal(Measures{}) {
		t.Error("none is not none")
	}
}

func TestRelationOf(t *testing.T) {
	parse := func(s string) identity.Jurisdiction {
		j, err := identity.ParseJurisdiction(s)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	county := parse("nanming.guiyang.guizhou")
	for name, want := range map[string]Relation{
		"nanming.guiyang.guizhou": Self, "guiyang.guizhou": Ancestor, "guizhou": Ancestor,
		"street.nanming.guiyang.guizhou": Descendant, "yunyan.guiyang.guizhou": Sibling,
		"liping.qiandongnan.guizhou": Distant, "sichuan": Distant,
	} {
		if got := RelationOf(county, parse(name)); got != want {
			t.Errorf("%s: got %d, want %d", name, got, want)
		}
	}
}

func TestCategoryNames(t *testing.T) {
	for _, c := range []Category{Unconditional, Conditional, NotShared} {
		if got, ok := ParseCategory(c.String()); !ok || got != c {
			t.Errorf("%s: got %v, %v", c, got, ok)
		}
	}
	if _, ok := ParseCategory(""); ok {
		t.Error("the empty text is a category")
	}
}
