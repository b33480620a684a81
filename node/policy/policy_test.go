package policy

import (
	"testing"
	"time"

	"xietong/certs/identity"
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
	use := Use{Consumer: housing, Purpose: "residence-check", Fields: []string{"name"}, At: now}
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
		{"conditional under a grant", offer(Conditional), &grant, use, Allowed},
		{"not shared", offer(NotShared), &grant, use, ForbiddenByLaw},
		{"the provider's own", offer(NotShared), nil, Use{Consumer: civil, Purpose: "statistics", At: now}, Allowed},
		{"no purpose", offer(NotShared), &grant, Use{Consumer: housing, At: now}, NoPurpose},
		{"purpose not listed", offer(Unconditional), &grant, Use{Consumer: housing, Purpose: "marketing", At: now}, UnknownPurpose},
		{"purpose not granted", offer(Unconditional), &grant, Use{Consumer: housing, Purpose: "statistics", At: now}, NeedsApplication},
		{"unknown field", offer(Unconditional), &grant, Use{Consumer: housing, Purpose: "residence-check", Fields: []string{"income"}, At: now}, UnknownField},
		{"field not granted", offer(Unconditional), with(func(g *Permission) { g.Fields = []string{"code"} }), use, FieldNotGranted},
		{"revoked", offer(Unconditional), with(func(g *Permission) { g.Revoked = true }), use, GrantRevoked},
		{"the last moment", offer(Unconditional), with(func(g *Permission) { g.Until = now.Add(1) }), use, Allowed},
		{"expired now", offer(Unconditional), with(func(g *Permission) { g.Until = now }), use, GrantExpired},
	} {
		if got := Decide(row.offer, row.grant, row.use); got != row.want {
			t.Errorf("%s: got %d, want %d", row.what, got, row.want)
		}
	}
}

// TestStanding holds what a standing permission covers: a count of everything, for a purpose that the entry names, by whoever
// stands above.
func TestStanding(t *testing.T) {
	civil := agency(t, "nanming.guiyang.guizhou", "civil-affairs")
	city, province := agency(t, "guiyang.guizhou", "water"), agency(t, "guizhou", "statistics")
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	offer := Offer{
		Provider: civil, Category: Conditional, Purposes: []string{"statistics", "residence-check"}, Fields: []string{"code"}, Counts: []string{"statistics"}, GroupBy: []string{"code"},
	}
	grant := Permission{Purpose: "statistics", Standing: true}
	count := Use{Consumer: province, Purpose: "statistics", Counting: true, At: now}
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
		"records":               {func(_ *Offer, _ *Permission, u *Use) { u.Counting = false }, NeedsApplication},
		"for another purpose":   {func(_ *Offer, _ *Permission, u *Use) { u.Purpose = "residence-check" }, NeedsApplication},
		"no more in the entry":  {func(o *Offer, _ *Permission, _ *Use) { o.Counts = nil }, NeedsApplication},
		"of another purpose":    {func(_ *Offer, g *Permission, _ *Use) { g.Purpose = "residence-check" }, NeedsApplication},
		"revoked":               {func(_ *Offer, g *Permission, _ *Use) { g.Revoked = true }, GrantRevoked},
		"of what is not shared": {func(o *Offer, _ *Permission, _ *Use) { o.Category = NotShared }, ForbiddenByLaw},
		"by a field":            {func(_ *Offer, _ *Permission, u *Use) { u.GroupBy = "code" }, Allowed},
		"by another field":      {func(_ *Offer, _ *Permission, u *Use) { u.GroupBy = "name" }, NeedsApplication},
		"with no purpose":       {func(_ *Offer, _ *Permission, u *Use) { u.Purpose = "" }, NoPurpose},
	} {
		o, g, u := offer, grant, count
		row.edit(&o, &g, &u)
		if got := Decide(o, &g, u); got != row.want {
			t.Errorf("%s: got %d, want %d", what, got, row.want)
		}
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
