package adoption

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

// TestAdopt publishes the entry and gives its endless grant by one command, after one reading of
// the own ledger.
func TestAdopt(t *testing.T) {
	w := newWorld(t)
	views, proposals := w.county.Views.Load(), w.county.Proposals.Load()
	p, err := w.desk.Publish(t.Context(), newID(), civil, w.adopting(), Agreed{})
	if err != nil {
		t.Fatal(err)
	}
	if views, proposals = w.county.Views.Load()-views, w.county.Proposals.Load()-proposals; views != 1 || proposals != 1 {
		t.Errorf("it took %d readings and %d commands, want one of each", views, proposals)
	}
	heads := w.county.Heads(t, 2)
	if len(heads) != 2 || heads[0].Kind != ledger.KindCatalogueEntry || heads[0].Agency != label("civil-affairs") ||
		heads[1].Kind != ledger.KindGrant || heads[1].Code != villages || heads[1].About != ledger.RefTo(p.At.Index()) {
		t.Errorf("got the heads %+v", heads)
	}
	all := w.grants(t)
	if len(all) != 1 || all[0].Purpose != label("statistics") || !all[0].Measures.Equal(standard().Measures) {
		t.Errorf("got the grants %+v", all)
	}
	if p.Version != 1 || p.Standard != w.set.At.String() || !slices.Equal(w.tree.asked, []string{city}) {
		t.Errorf("got version %d of %s, after asking %q", p.Version, p.Standard, w.tree.asked)
	}
	var e catalog.Entry
	if err := json.Unmarshal(p.Document, &e); err != nil || e.Standard != p.Standard {
		t.Errorf("got the document %s, %v", p.Document, err)
	}
}

// TestTighter takes an entry that is tighter than the standard, and gives the grants that the entry
// names.
func TestTighter(t *testing.T) {
	for what, row := range map[string]struct {
		edit   func(*catalog.Entry)
		grants int
	}{
		"with conditions":    {func(e *catalog.Entry) { e.Category = "conditional" }, 1},
		"not counted":        {func(e *catalog.Entry) { e.Counts, e.GroupBy = nil, nil }, 0},
		"in larger cells":    {func(e *catalog.Entry) { e.SmallestCell = 100 }, 1},
		"more often":         {func(e *catalog.Entry) { e.UpdateCycle = "daily" }, 1},
		"measured less":      {func(e *catalog.Entry) { e.Measures = policy.Measures{"income": {"sum"}} }, 1},
		"in no groups":       {func(e *catalog.Entry) { e.GroupBy = nil }, 1},
		"a purpose less":     {func(e *catalog.Entry) { e.Purposes = e.Purposes[:1] }, 1},
		"one required more":  {func(e *catalog.Entry) { e.Schema = replaced(`["code"]`, `["code","sex"]`) }, 1},
		"a field of our own": {func(e *catalog.Entry) { e.Schema = replaced(`"code":{`, `"note":{"type":"string"},"code":{`) }, 1},
	} {
		w := newWorld(t)
		e := w.adopting()
		row.edit(&e)
		w.mustPublish(t, e)
		all := w.grants(t)
		if len(all) != row.grants || row.grants > 0 && !all[0].Measures.Equal(e.Measures) {
			t.Errorf("%s: got the grants %+v, want %d for %v", what, all, row.grants, e.Measures)
		}
	}
}

func replaced(old, new string) json.RawMessage {
	return json.RawMessage(strings.Replace(schema, old, new, 1))
}

// TestLooser refuses an entry that is looser than the standard in any way.
func TestLooser(t *testing.T) {
	w := newWorld(t)
	strict := standard()
	strict.Category = "conditional"
	for what, row := range map[string]struct {
		edit func(*catalog.Entry)
		want string // in the reason
	}{
		"another key": {func(e *catalog.Entry) { e.Key = "sex" }, "with the key code"},
		"a purpose more": {func(e *catalog.Entry) {
			e.Purposes = append(e.Purposes, catalog.Purpose{Code: label("sale"), Title: "x"})
		}, "no others"},
		"counted for more":     {func(e *catalog.Entry) { e.Counts = append(e.Counts, label("residence-check")) }, "and no more"},
		"by a field more":      {func(e *catalog.Entry) { e.GroupBy = []string{"sex", "age"} }, "group by"},
		"in smaller cells":     {func(e *catalog.Entry) { e.SmallestCell = 9 }, "groups of at least 10 records"},
		"in cells of any size": {func(e *catalog.Entry) { e.SmallestCell = 0 }, "groups of at least 10 records"},
		"another function":     {func(e *catalog.Entry) { e.Measures = policy.Measures{"income": {"sum", "minimum"}} }, "measure"},
		"another field": {func(e *catalog.Entry) {
			e.Measures = policy.Measures{"age": {"maximum"}, "income": {"sum"}, "x": {"sum"}}
		}, "measure"},
		"less often":            {func(e *catalog.Entry) { e.UpdateCycle = "yearly" }, "not longer"},
		"a field less":          {func(e *catalog.Entry) { e.Schema = replaced(`"sex":{"type":"string"},`, ``) }, "the field sex"},
		"a field of other type": {func(e *catalog.Entry) { e.Schema = replaced(`"integer"`, `"number"`) }, "the field age"},
		"one required less":     {func(e *catalog.Entry) { e.Schema = replaced(`"required":["code"],`, ``) }, "are required"},
	} {
		e := w.adopting()
		row.edit(&e)
		_, err := w.publish(t, e)
		if args := w.refused(t, what, err, text.EntryInvalid); !strings.Contains(args["reason"], row.want) {
			t.Errorf("%s: got %q, want %q", what, args["reason"], row.want)
		}
	}
	w.set = w.setStandard(t, city, strict)
	_, err := w.publish(t, w.adopting())
	if args := w.refused(t, "without the condition", err, text.EntryInvalid); !strings.Contains(args["reason"], "not looser") {
		t.Errorf("without the condition: got %q", args["reason"])
	}
}

// TestNotThatStandard refuses an entry unless it names the standard that holds now, that a
// jurisdiction above has set, and that is for its level.
func TestNotThatStandard(t *testing.T) {
	w := newWorld(t)
	before := w.set.At.String()
	next := standard()
	next.Title = "another version"
	w.set = w.setStandard(t, city, next)
	other := standard()
	other.Code, other.Level = label("towns"), "township"
	towns := w.setStandard(t, city, other)
	for what, row := range map[string]struct {
		named string
		code  identity.Label
		want  text.Code
		say   string // in the reason
	}{
		"the one before":     {before, villages, text.EntryInvalid, "not the one that holds now, " + w.set.At.String()},
		"of another dataset": {towns.At.String(), villages, text.EntryInvalid, "not the one that holds now"},
		"another level":      {towns.At.String(), label("towns"), text.StandardLevel, ""},
		"one never set":      {city + "/log/1/99", label("streets"), text.NoStandard, ""},
		"of nobody above":    {"yunyan.guiyang.guizhou/log/1/3", villages, text.EntryInvalid, "by who stands above"},
		"its own":            {county + "/log/1/3", villages, text.EntryInvalid, "by who stands above"},
		"of one below":       {"street." + county + "/log/1/3", villages, text.EntryInvalid, "by who stands above"},
		"no name":            {"the city's", villages, text.EntryInvalid, ""},
		"of the province":    {province + "/log/1/2", villages, text.NoStandard, ""},
	} {
		e := w.adopting()
		e.Standard, e.Code = row.named, row.code
		_, err := w.publish(t, e)
		if args := w.refused(t, what, err, row.want); !strings.Contains(args["reason"], row.say) {
			t.Errorf("%s: got %q, want %q", what, args["reason"], row.say)
		}
	}
	delete(w.tree.above, city)
	_, err := w.publish(t, w.adopting())
	w.refused(t, "of a city that is away", err, text.NotReady)
}

// TestLevelNotKnown takes a standard for any level if the level of the jurisdiction is not known.
func TestLevelNotKnown(t *testing.T) {
	w := newWorld(t)
	w.desk.level = func() string { return "" }
	w.mustPublish(t, w.adopting())
}

// TestAnotherLevel (F2): a standard for another level is refused with both levels, and hides no
// standard for this level that is set further up.
func TestAnotherLevel(t *testing.T) {
	w := newWorld(t)
	other := standard()
	other.Code, other.Level = label("clinics"), "township"
	near := w.setStandard(t, city, other)
	find := func() catalog.SetStandard {
		return must(w.desk.Standard(t.Context(), civil, w.county.Name(), other.Code))
	}
	if got := find(); got.At != near.At {
		t.Errorf("found %s, want %s: there is no other", got.At, near.At)
	}
	e := near.Entry
	e.Standard = near.At.String()
	_, err := w.publish(t, e)
	w.refused(t, "for another level", err, text.StandardLevel)
	if f := failure.Of(err); f.Args["level"] != "township" || f.Args["own"] != "county" || f.Args["jurisdiction"] != county {
		t.Errorf("got %v", f.Args)
	}
	other.Level = "county"
	if far := w.setStandard(t, province, other); find().At != far.At {
		t.Errorf("found %s, want %s, which is for this level", find().At, far.At)
	}
}

// TestNothingOfIt publishes no entry and gives no grant if the one command is refused: because
// another agency published the dataset a moment before, or because the command lacks a grant.
func TestNothingOfIt(t *testing.T) {
	w := newWorld(t)
	w.county.Before = func(state.Kind) {
		w.county.Before = nil
		e := standard().Entry
		e.Agency, e.Counts = label("water"), nil
		if _, err := catalog.Publish(t.Context(), w.county, newID(), catalog.Local("water"), e); err != nil {
			t.Error(err)
		}
	}
	if _, err := w.publish(t, w.adopting()); !failure.Is(err, text.NotProvider) {
		t.Errorf("got %v, want %s", err, text.NotProvider)
	}
	if all := w.grants(t); len(all) > 0 {
		t.Errorf("the refused adoption gave the grants %+v", all)
	}
	err := w.county.View(t.Context(), func(r *state.Reader) error {
		p, err := catalog.Dataset(r, villages)
		if p.Version != 1 || p.Agency != label("water") || p.Standard != "" || r.Size() != 3 {
			t.Errorf("got version %d of %s, which adopts %q, in %d entries", p.Version, p.Agency, p.Standard, r.Size())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	other := newWorld(t)
	_, p, _, err := catalog.Prepare(t.Context(), other.county, civil, other.adopting())
	if err != nil {
		t.Fatal(err)
	}
	endless := sharing.Endless{Setter: identity.NewAgency(other.set.At.Log().Jurisdiction(), label("civil-affairs")), Dataset: villages}
	endless.Purposes = []identity.Label{label("statistics")}
	_, err = commandAdopt.Do(t.Context(), other.county, book.ByNode(other.county, newID(), nil), adoptBody{Publication: p, Endless: endless})
	other.refused(t, "a grant is missing", err, text.DatasetMoved)
}

// TestAgain publishes the entry again. A grant that stands is not given again; another is given if
// the entry lets measure more, or less.
func TestAgain(t *testing.T) {
	w := newWorld(t)
	less := policy.Measures{"income": {"sum"}}
	for _, row := range []struct {
		measures policy.Measures
		counts   []identity.Label
		want     int // grants
		version  uint64
	}{
		{less, standard().Counts, 1, 1}, {less, standard().Counts, 1, 1}, {standard().Measures, standard().Counts, 2, 2},
		{standard().Measures, nil, 2, 3}, {less, standard().Counts, 3, 4},
	} {
		e := w.adopting()
		if e.Measures, e.Counts = row.measures, row.counts; len(e.Counts) == 0 {
			e.GroupBy = nil
		}
		p := w.mustPublish(t, e)
		all := w.grants(t)
		if len(all) != row.want || p.Version != row.version {
			t.Errorf("version %d: got %d grants, want %d", p.Version, len(all), row.want)
		}
		if newest := all[len(all)-1]; len(e.Counts) > 0 && !newest.Measures.Equal(row.measures) {
			t.Errorf("version %d: the newest grant names %v", p.Version, newest.Measures)
		}
	}
}

// TestSameRequest does the same request under one id once.
func TestSameRequest(t *testing.T) {
	w, id := newWorld(t), newID()
	first, err := w.desk.Publish(t.Context(), id, civil, w.adopting(), Agreed{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.desk.Publish(t.Context(), id, civil, w.adopting(), Agreed{})
	if err != nil || again.At != first.At || again.Version != first.Version || len(w.county.Heads(t, 0)) != 4 {
		t.Errorf("got %s, %v, want %s and no entry more", again.At, err, first.At)
	}
	e := w.adopting()
	e.Title = "another"
	if _, err := w.publishAs(t, id, e); !failure.Is(err, text.IDReused) {
		t.Errorf("another under its id: got %v", err)
	}
}

// TestPlain publishes an entry that adopts no standard: no jurisdiction is asked, and no grant is
// given.
func TestPlain(t *testing.T) {
	w := newWorld(t)
	e := standard().Entry
	_, err := w.publish(t, e)
	if args := w.refused(t, "counted all the same", err, text.EntryInvalid); !strings.Contains(args["reason"], "adopts a standard") {
		t.Errorf("got %q", args["reason"])
	}
	e.Counts = nil
	w.mustPublish(t, e)
	if len(w.grants(t)) > 0 || len(w.tree.asked) > 0 {
		t.Errorf("got the grants %+v after asking %q", w.grants(t), w.tree.asked)
	}
}

// TestMeasuredFromAbove lets the agencies of the jurisdictions above measure under the endless
// grant, and no other agency.
func TestMeasuredFromAbove(t *testing.T) {
	w := newWorld(t)
	e := w.adopting()
	e.Category = "conditional"
	p := w.mustPublish(t, e)
	sum := gather.Measure{Function: gather.Sum, Field: "income", By: []gather.By{{Field: "sex"}}}
	for who, want := range map[string]text.Code{
		"spiffe://guiyang.guizhou/agency/water": "", "spiffe://guizhou/agency/statistics": "",
		"spiffe://yunyan.guiyang.guizhou/agency/water": text.GrantNeeded,
	} {
		_, err := sharing.PermitUse(t.Context(), w.county, sharing.Request{
			Consumer: must(identity.ParseAgency(who)), Dataset: villages, Version: p.Version, Purpose: "statistics",
			Fields: sum.Fields(), Measure: sum, Whole: true, Evidence: []byte("signed there"),
			Offer: policy.Offer{
				Provider: identity.NewAgency(w.county.Name(), label("civil-affairs")), Category: policy.Conditional,
				Purposes: p.PurposeCodes(), Fields: []string{"income", "sex"}, Counts: p.CountCodes(), GroupBy: p.GroupBy, Measures: p.Measures,
			},
		})
		if want == "" && err != nil || want != "" && !failure.Is(err, want) {
			t.Errorf("%s: got %v, want %q", who, err, want)
		}
	}
}

// TestStandard finds the standard of a jurisdiction, or that of the nearest one above.
func TestStandard(t *testing.T) {
	w := newWorld(t)
	towns := standard()
	towns.Code, towns.Title = label("towns"), "of the province"
	w.setStandard(t, province, towns)
	villagesThere := standard()
	villagesThere.Title = "of the province"
	w.setStandard(t, province, villagesThere)
	for _, row := range []struct {
		of, code string
		want     string // title, or code of the refusal
		asked    []string
	}{
		{county, "villages", "名录", []string{city}},
		{county, "towns", "of the province", []string{city, province}},
		{county, "streets", "no-standard", []string{city, province}},
		{city, "villages", "名录", []string{city}},
		{city, "towns", "no-standard", []string{city}},
		{province, "villages", "of the province", []string{province}},
		{"sichuan", "villages", "not-ready", []string{"sichuan"}},
	} {
		w.tree.asked = nil
		got, err := w.desk.Standard(t.Context(), civil, must(identity.ParseJurisdiction(row.of)), label(row.code))
		told := got.Title
		if err != nil {
			told = string(failure.Of(err).Code)
		}
		if told != row.want || !slices.Equal(w.tree.asked, row.asked) {
			t.Errorf("%s of %s: got %s after asking %q, want %s after %q", row.code, row.of, told, w.tree.asked, row.want, row.asked)
		}
	}
	delete(w.tree.above, city) // what the city has set is not known, so the province's is not the nearest
	if _, err := w.desk.Standard(t.Context(), civil, w.county.Name(), label("towns")); !failure.Is(err, text.NotReady) {
		t.Errorf("with a city that is away: got %v", err)
	}
}
