package federated_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/exchange/decimal"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/flows/callstest"
	"xietong/node/flows/federated"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

var (
	yunyan, baiyun = callstest.Yunyan, callstest.Name("baiyun.guiyang.guizhou")
	incomes        = callstest.Label("incomes")
)

const incomeSchema = `{"type":"object","required":["code","kind"],"properties":{
	"code":{"type":"string"},"kind":{"type":"string"},"income":{"type":["number","null"]}}}`

// incomesOf are the records of each county; of one the income is not known.
var incomesOf = map[identity.Jurisdiction][]string{
	nanming: {`{"code":"1","kind":"a","income":10.5}`, `{"code":"2","kind":"b","income":20}`, `{"code":"3","kind":"a","income":null}`},
	yunyan:  {`{"code":"1","kind":"a","income":-3.25}`, `{"code":"2","kind":"b","income":7}`},
	baiyun:  {`{"code":"1","kind":"b","income":100.125}`},
}

// everything is all that the standard lets others measure.
var everything = policy.Measures{"income": {"sum", "average", "minimum", "maximum"}}

// measured returns a city that has set a standard, and three counties that adopted it unchanged.
// lie, if not nil, changes the city's shares before they are signed.
func measured(t *testing.T, lie func(*gather.Share)) *world {
	t.Helper()
	w := callstest.New(t, callstest.Options{
		Counties: []identity.Jurisdiction{nanming, yunyan, baiyun},
		Federated: func(p *place, in *relay.Registry) {
			if lie == nil || p.Name() != guiyang {
				p.Federated.Serve(in, p.Lists)
				return
			}
			p.Federated.ServeLying(in, p.Lists, lie)
		},
	})
	e := callstest.Dataset("incomes")
	e.Schema, e.Measures, e.GroupBy = []byte(incomeSchema), everything, []string{"kind"}
	e.Counts = []identity.Label{callstest.Label("statistics")}
	_, err := catalog.PublishStandard(t.Context(), w.City.Host, newID(), by(civil), catalog.Standard{Level: "county", Entry: e})
	if err != nil {
		t.Fatal(err)
	}
	for county, all := range incomesOf {
		adopt(t, w.At(county), func(*catalog.Entry) {})
		for _, record := range all {
			w.At(county).Put(t, incomes, record)
		}
	}
	return w
}

// adopt has a county adopt the standard, with the changes that edit makes.
func adopt(t *testing.T, p *place, edit func(*catalog.Entry)) {
	t.Helper()
	s, err := p.Adoption.Standard(t.Context(), by(civil), p.Name(), incomes)
	if err != nil {
		t.Fatal(err)
	}
	e := s.Entry
	e.Standard, e.Agency = s.At.String(), civil
	edit(&e)
	p.Publish(t, e)
}

// asked is the question for a measure of the incomes.
func asked(f gather.Function, by ...gather.By) federated.Wide {
	m := gather.Measure{Function: f, By: by}
	if f > gather.Count {
		m.Field = "income"
	}
	return federated.Wide{
		Selector: gather.Selector{Below: guiyang, Deep: true}, Audit: true,
		Question: records.Question{Dataset: incomes, Purpose: "statistics", Measure: m},
	}
}

// told writes groups as "values count/with=amount", one after the other.
func told(groups []gather.Group) string {
	var all []string
	for _, g := range groups {
		amount := "-"
		if g.Amount != nil {
			amount = g.Amount.String()
		}
		values := strings.Join(g.Values, ",")
		if g.Suppressed {
			values = "(small)"
		}
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %d/%d=%s", values, g.Count, g.With, amount)))
	}
	return strings.ReplaceAll(strings.Join(all, "; "), ".guiyang.guizhou", "")
}

// TestMeasures: the city measures the records of its three counties, by a field, by place and by
// both, without an application; one of the counties does so with an application. The sum is
// audited.
func TestMeasures(t *testing.T) {
	w := measured(t, nil)
	kind, county := gather.By{Field: "kind"}, gather.By{Level: "county"}
	for _, row := range []struct {
		function gather.Function
		by       []gather.By
		groups   string
		whole    string
	}{
		{gather.Count, nil, "6/0=-", "6/0=-"},
		{gather.Count, []gather.By{kind}, "a 3/0=-; b 3/0=-", "6/0=-"},
		{gather.Sum, nil, "6/5=134.375", "6/5=134.375"},
		{gather.Sum, []gather.By{kind}, "a 3/2=7.25; b 3/3=127.125", "6/5=134.375"},
		{gather.Sum, []gather.By{county}, "baiyun 1/1=100.125; nanming 3/2=30.5; yunyan 2/2=3.75", "6/5=134.375"},
		{gather.Average, []gather.By{kind}, "a 3/2=7.25; b 3/3=127.125", "6/5=134.375"}, // as a sum and a number
		{gather.Minimum, []gather.By{kind}, "a 3/2=-3.25; b 3/3=7", "6/5=-3.25"},
		{gather.Minimum, []gather.By{county}, "baiyun 1/1=100.125; nanming 3/2=10.5; yunyan 2/2=-3.25", "6/5=-3.25"},
		{gather.Maximum, []gather.By{kind}, "a 3/2=10.5; b 3/3=100.125", "6/5=100.125"},
		{gather.Maximum, []gather.By{county, kind},
			"baiyun,b 1/1=100.125; nanming,a 2/1=10.5; nanming,b 1/1=20; yunyan,a 1/1=-3.25; yunyan,b 1/1=7", "6/5=100.125"},
		{gather.Sum, []gather.By{kind, {Level: "prefecture"}}, "a,guiyang.guizhou 3/2=7.25; b,guiyang.guizhou 3/3=127.125", "6/5=134.375"},
	} {
		for _, from := range []*place{w.City, w.County} {
			q := asked(row.function, row.by...)
			what := fmt.Sprintf("%s from %s", q.Measure, from.Name())
			if from != w.City {
				q.Application = applied
			}
			got, err := from.Federated.Gather(t.Context(), newID(), by(water), q)
			if err != nil || told(got.Groups) != row.groups || got.Answered != 3 || len(got.Missing) > 0 {
				t.Errorf("%s: got %s of %d, missing %+v, %v, want %s", what, told(got.Groups), got.Answered, got.Missing, err, row.groups)
				continue
			}
			whole, err := got.Whole(q.Measure)
			if s := told([]gather.Group{whole}); err != nil || s != row.whole {
				t.Errorf("%s: got the whole %s, %v, want %s", what, s, err, row.whole)
			}
			if average, ok := whole.Average(2); row.function == gather.Average && (!ok || average.String() != "26.88") {
				t.Errorf("%s: got the average %s, want 26.88", what, average)
			}
			if a := got.Audit; len(a.Hops) != 1 || a.Hops[0] != guiyang || len(a.Lies)+len(a.Unseen) > 0 {
				t.Errorf("%s: got the audit %+v", what, a)
			}
		}
	}
}

// TestMeasureNotOffered: a county whose adopted entry does not allow the measure is told as one
// that does not offer it, and the other counties are added up.
func TestMeasureNotOffered(t *testing.T) {
	w := measured(t, nil)
	adopt(t, w.At(yunyan), func(e *catalog.Entry) { e.Measures = policy.Measures{"income": {"minimum"}} })
	adopt(t, w.At(baiyun), func(e *catalog.Entry) { e.GroupBy = nil })
	for what, row := range map[string]struct {
		q       federated.Wide
		groups  string
		missing []identity.Jurisdiction
	}{
		"a sum":              {asked(gather.Sum), "4/3=130.625", []identity.Jurisdiction{yunyan}},
		"a minimum":          {asked(gather.Minimum), "6/5=-3.25", nil},
		"a sum by a field":   {asked(gather.Sum, gather.By{Field: "kind"}), "a 2/1=10.5; b 1/1=20", []identity.Jurisdiction{yunyan, baiyun}},
		"a count":            {asked(gather.Count), "6/0=-", nil},
		"a minimum by field": {asked(gather.Minimum, gather.By{Field: "kind"}), "a 3/2=-3.25; b 2/2=7", []identity.Jurisdiction{baiyun}},
	} {
		got, err := w.City.Federated.Gather(t.Context(), newID(), by(water), row.q)
		if err != nil || told(got.Groups) != row.groups || len(got.Audit.Lies) > 0 {
			t.Errorf("%s: got %s, %+v, %v, want %s", what, told(got.Groups), got.Audit, err, row.groups)
		}
		var missing []identity.Jurisdiction
		for _, m := range got.Missing {
			missing = append(missing, m.Name)
			if m.State != gather.NotOffered || m.By != m.Name || m.Code != text.Number(text.MeasureNotOffered) {
				t.Errorf("%s: %s is told as %+v, want %s", what, m.Name, m.Why, gather.NotOffered)
			}
		}
		if !slices.Equal(missing, row.missing) || got.Answered != uint64(3-len(missing)) {
			t.Errorf("%s: %d answered, and %v are missing, want %v", what, got.Answered, missing, row.missing)
		}
	}
}

// TestNoDataset: a county that has no such dataset does not offer it either.
func TestNoDataset(t *testing.T) {
	w := callstest.New(t, callstest.Options{Counties: []identity.Jurisdiction{nanming, yunyan}})
	e := callstest.Dataset("incomes")
	e.Schema, e.Measures = []byte(incomeSchema), everything
	w.County.Publish(t, e)
	w.County.Put(t, incomes, `{"code":"1","kind":"a","income":1}`)
	q := asked(gather.Sum)
	q.Application = applied
	got, err := w.City.Federated.Gather(t.Context(), newID(), by(water), q)
	if err != nil || told(got.Groups) != "1/1=1" || len(got.Missing) != 1 || len(got.Audit.Lies) > 0 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if m := got.Missing[0]; m.Name != yunyan || m.State != gather.NotOffered || m.Code != text.Number(text.UnknownDataset) {
		t.Errorf("got %+v", m)
	}
}

// TestLyingAboutAmounts: an amount that a hop changes is found as surely as a count.
func TestLyingAboutAmounts(t *testing.T) {
	amount := func(s string) *decimal.Decimal { d := must(decimal.Parse(s)); return &d }
	for what, row := range map[string]struct {
		function gather.Function
		lie      func(*gather.Share)
		kind     gather.Kind
	}{
		"a greater sum":     {gather.Sum, func(s *gather.Share) { s.Groups[0].Amount = amount("134.376") }, gather.Altered},
		"a smaller sum":     {gather.Average, func(s *gather.Share) { s.Groups[0].Amount = amount("-134.375") }, gather.Altered},
		"a value more":      {gather.Average, func(s *gather.Share) { s.Groups[0].With++ }, gather.Invented},
		"a greater minimum": {gather.Minimum, func(s *gather.Share) { s.Groups[0].Amount = amount("0") }, gather.Altered},
		"a county less": {gather.Sum, func(s *gather.Share) {
			s.Groups[0].Count, s.Groups[0].With, s.Groups[0].Amount = 5, 4, amount("34.25")
		}, gather.Dropped},
		"a county twice": {gather.Sum, func(s *gather.Share) {
			s.Groups[0].Count, s.Groups[0].With, s.Groups[0].Amount = 7, 6, amount("234.5")
		}, gather.Doubled},
	} {
		t.Run(what, func(t *testing.T) {
			w := measured(t, row.lie)
			q := asked(row.function)
			q.Application = applied
			got, err := w.County.Federated.Gather(t.Context(), newID(), by(water), q)
			if err != nil || len(got.Audit.Lies) != 1 || got.Audit.Lies[0].By != guiyang || got.Audit.Lies[0].Kind != row.kind {
				t.Fatalf("got %+v, %v, want %s by %s", got.Audit, err, row.kind, guiyang)
			}
			about := got.Audit.Lies[0].About
			if one := row.kind == gather.Dropped || row.kind == gather.Doubled; one && about != baiyun || !one && !about.IsZero() {
				t.Errorf("got a lie about %s", about)
			}
		})
	}
}

// TestNotAsked: a question that cannot be put to many is not sent.
func TestNotAsked(t *testing.T) {
	many := gather.List{}
	for i := range gather.MaxMembers + 1 {
		many = append(many, gather.Place{Name: callstest.Name(fmt.Sprintf("v%d.%s", i, nanming)), Level: "village"})
	}
	w := callstest.New(t, callstest.Options{Listed: many})
	before, sent := w.County.Size(t), len(w.Frames())
	for what, row := range map[string]struct {
		edit func(*federated.Wide)
		want text.Code
	}{
		"the records themselves": {func(q *federated.Wide) { q.Measure = gather.Measure{} }, text.BadRequest},
		"of one record":          {func(q *federated.Wide) { q.Key = "520102016001" }, text.BadRequest},
		"some fields":            {func(q *federated.Wide) { q.Fields = []string{"name"} }, text.BadRequest},
		"from a cursor on":       {func(q *federated.Wide) { q.Cursor = "AAAA" }, text.BadRequest},
		"the sum of nothing":     {func(q *federated.Wide) { q.Measure.Function = gather.Sum }, text.BadRequest},
		"no purpose's label":     {func(q *federated.Wide) { q.Purpose = "für mich" }, text.UnknownPurpose},
		"a level of nobody":      {func(q *federated.Wide) { q.Level = "township" }, text.SelectorUnknown},
		"by a level of nobody":   {func(q *federated.Wide) { q.Measure.By = []gather.By{{Level: "township"}} }, text.SelectorUnknown},
		"too many members":       {func(q *federated.Wide) { q.Deep, q.Level = true, "village" }, text.MembersMany},
	} {
		q := wide()
		q.Deep = false // so that the standard is not asked for
		row.edit(&q)
		got, err := w.County.Federated.Gather(t.Context(), newID(), by(water), q)
		refused(t, what, err, row.want)
		if !got.Asked.IsZero() || got.Groups != nil {
			t.Errorf("%s: got %+v", what, got)
		}
	}
	if after := w.County.Size(t); after != before || len(w.Frames()) != sent {
		t.Errorf("%d entries were made, and %d requests were sent", after-before, len(w.Frames())-sent)
	}
}

// TestNotShownBeforeRecorded: a sum that cannot be recorded here is not shown, although it was
// given; one that is not accepted is recorded as refused.
func TestNotShownBeforeRecorded(t *testing.T) {
	w := lying(t, func(s *gather.Share) {})
	w.County.Broken = fmt.Errorf("propose: %w", group.ErrNotDone)
	got, err := w.County.Federated.Gather(t.Context(), newID(), by(water), wide())
	refused(t, "not recorded", err, text.NotReady)
	if got.Groups != nil || got.Answered != 0 || len(got.Audit.Hops) > 0 {
		t.Errorf("got %+v", got)
	}
	w = lying(t, func(s *gather.Share) { s.Answered++ })
	before := w.County.Size(t)
	got, err = w.County.Federated.Gather(t.Context(), newID(), by(water), wide())
	refused(t, "not accepted", err, text.ShareRefused)
	if got.Groups != nil || got.Answered != 0 || w.County.Size(t) != before+4 {
		t.Fatalf("got %+v, with %d entries, want application, grant, access and record", got, w.County.Size(t)-before)
	}
	_, said := w.County.SaidAt(t, w.County.Names().Entry(before+3))
	if said["outcome"] != float64(text.Number(text.ShareRefused)) || said["entry"] != nil || said["operation"] != "gather" {
		t.Errorf("recorded as %v", said)
	}
}

// TestLeftOutTravels (P12): records that a county could not compare are no silent no. They are
// counted by county, beside the total, and the audit finds who hides them.
func TestLeftOutTravels(t *testing.T) {
	w := measured(t, nil)
	wide := asked(gather.Count)
	wide.Filter, wide.Application = `income > 0`, applied
	got, err := w.County.Federated.Gather(t.Context(), newID(), by(water), wide)
	want := []gather.LeftOut{{Name: nanming, Incomparable: 1, Of: 3}}
	if err != nil || told(got.Groups) != "4/0=-" || !slices.Equal(got.Coverage().LeftOut, want) || len(got.Audit.Lies) > 0 {
		t.Errorf("got %s, left out %v, lies %v, %v, want 4 and %v", told(got.Groups), got.LeftOut, got.Audit.Lies, err, want)
	}
}

// TestHidingLeftOut (P12): a hop that hides what a county could not compare is found.
func TestHidingLeftOut(t *testing.T) {
	w := measured(t, func(s *gather.Share) { s.LeftOut = nil })
	wide := asked(gather.Count)
	wide.Filter, wide.Application = `income > 0`, applied
	got, err := w.County.Federated.Gather(t.Context(), newID(), by(water), wide)
	if err != nil || len(got.Audit.Lies) != 1 || got.Audit.Lies[0] != (gather.Lie{By: guiyang, Kind: gather.Altered, About: nanming}) {
		t.Errorf("got %+v, %v, want the lie of %s about %s", got.Audit.Lies, err, guiyang, nanming)
	}
}
