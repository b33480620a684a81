package usage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

var (
	civil = agency(home, "civil-affairs")
	water = agency(home, "water")
	admin = identity.Agency{}
)

// drawn draws a use. Consumers share codes over jurisdictions, and one code begins another.
func drawn(rnd *rand.Rand) used {
	places := []string{home, "guiyang.guizhou", "yunyan.guiyang.guizhou", "guiyang1.guizhou"}
	u := used{
		dataset: rnd.IntN(4), consumer: agency(places[rnd.IntN(4)], []string{"water", "water-2", "civil-affairs"}[rnd.IntN(3)]),
		purpose: []string{"statistics", "statistics-2", "check"}[rnd.IntN(3)], rows: rnd.Uint64N(9),
	}
	switch rnd.IntN(4) {
	case 0:
		u.rows, u.refused = 0, text.QuotaSpent
	case 1: // the provider's own use
		u.consumer = identity.NewAgency(place(home), provider(u.dataset))
	default:
		u.grant = ledger.RefTo(rnd.Uint64N(3))
	}
	if rnd.IntN(9) == 0 {
		u.purpose = "" // a record that its provider reads by its receipt
	}
	return u
}

// fits is the model of a filter, for an actor.
func (u used) fits(who identity.Agency, f Filter) bool {
	return (who.IsZero() || who == identity.NewAgency(place(home), provider(u.dataset))) &&
		(f.Dataset.IsZero() || f.Dataset.String() == fmt.Sprintf("dataset-%d", u.dataset)) &&
		(f.Jurisdiction.IsZero() || f.Jurisdiction == u.consumer.Jurisdiction()) &&
		(f.Agency.IsZero() || f.Agency == u.consumer.Code()) &&
		(f.Purpose.IsZero() || f.Purpose.String() == u.purpose) &&
		(f.From.IsZero() || !u.at.Before(f.From)) && (f.To.IsZero() || u.at.Before(f.To))
}

func (u used) shown(log identity.Log) Row {
	return Row{
		Entry: log.Entry(u.n), Time: u.at, Provider: provider(u.dataset), Dataset: label(fmt.Sprintf("dataset-%d", u.dataset)),
		Consumer: u.consumer, Grant: u.grant.In(log), Withheld: u.refused != "",
		Said: Said{Purpose: u.purpose, Operation: "lookup", Rows: u.rows, Refused: u.refused},
	}
}

// filter draws a filter that the actor may use.
func filter(rnd *rand.Rand, who identity.Agency, begin, end time.Time) (f Filter) {
	if rnd.IntN(2) == 0 {
		n := rnd.IntN(4)
		for !who.IsZero() && provider(n) != who.Code() {
			n = rnd.IntN(4)
		}
		f.Dataset = label(fmt.Sprintf("dataset-%d", n))
	}
	if rnd.IntN(3) == 0 {
		f.Jurisdiction = place([]string{home, "guiyang.guizhou", "guizhou", "guiyang1.guizhou"}[rnd.IntN(4)])
	}
	if rnd.IntN(3) == 0 {
		f.Agency = label([]string{"water", "water-2", "nobody"}[rnd.IntN(3)])
	}
	if rnd.IntN(3) == 0 {
		f.Purpose = label([]string{"statistics", "check", "never"}[rnd.IntN(3)])
	}
	if rnd.IntN(3) == 0 {
		f.From = begin.Add(time.Duration(rnd.Int64N(int64(end.Sub(begin)) + 1)))
	}
	if rnd.IntN(3) == 0 {
		f.To = begin.Add(time.Duration(rnd.Int64N(int64(end.Sub(begin)) + 1)))
	}
	return f
}

// TestUsesModel draws uses and refusals, and lists them under drawn filters, page by page, while
// more come: the list is that of a model which has them in a slice.
func TestUsesModel(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	r := open(t)
	begin := r.Clock
	var model []used
	more := func() {
		r.Clock = r.Clock.Add(time.Duration(rnd.Int64N(int64(3 * 24 * time.Hour))))
		model = append(model, r.use(t, drawn(rnd)))
	}
	for range 300 {
		more()
	}
	for range 200 {
		who := []identity.Agency{admin, civil, water}[rnd.IntN(3)]
		f, oldest := filter(rnd, who, begin, r.Clock), rnd.IntN(3) == 0
		before := len(model)
		read := func(p Page) ([]Row, string, error) {
			p.Oldest = oldest
			return r.desk.Uses(t.Context(), actor(who), f, p)
		}
		got := all(t, read, 1+rnd.IntN(60), func() {
			if rnd.IntN(4) == 0 {
				more()
			}
		})
		if oldest { // what came between two pages comes after them
			before = len(model)
		}
		var want []Row
		for _, u := range slices.Backward(model[:before]) {
			if u.fits(who, f) {
				want = append(want, u.shown(r.Log()))
			}
		}
		if oldest {
			slices.Reverse(want)
		}
		if !slices.EqualFunc(got, want, func(a, b Row) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
			t.Fatalf("%v, %+v: got %d rows\n%v\nwant %d\n%v", who, f, len(got), got, len(want), want)
		}
	}
}

// TestUsesAreTheProviders (U05, U05b) asks in the name of everybody for what they may not see: a
// provider sees the uses of its own datasets, an administrator all, and nobody else any.
func TestUsesAreTheProviders(t *testing.T) {
	r := open(t)
	consumer := agency("guiyang.guizhou", "water")
	for i := range 4 {
		r.use(t, used{dataset: i, consumer: consumer, purpose: "check"})
	}
	for what, row := range map[string]struct {
		who     identity.Agency
		dataset string
		want    []int // datasets; nil: refused
		code    text.Code
	}{
		"the provider":                     {civil, "", []int{2, 0}, ""},
		"the provider, of one":             {civil, "dataset-2", []int{2}, ""},
		"an administrator":                 {admin, "", []int{3, 2, 1, 0}, ""},
		"another agency, of one":           {water, "dataset-2", nil, text.NotProvider},
		"another agency":                   {water, "", []int{3, 1}, ""},
		"an agency without datasets":       {agency(home, "police"), "", []int{}, ""},
		"the consumer, of one":             {consumer, "dataset-1", nil, text.NotProvider},
		"the consumer":                     {consumer, "", []int{}, ""},
		"the provider's code elsewhere":    {agency("guiyang.guizhou", "civil-affairs"), "", []int{}, ""},
		"that, of one":                     {agency("guiyang.guizhou", "civil-affairs"), "dataset-0", nil, text.NotProvider},
		"a dataset that is not there":      {civil, "nothing", nil, text.UnknownDataset},
		"that, asked by an administrator":  {admin, "nothing", nil, text.UnknownDataset},
		"that, asked from another place":   {consumer, "nothing", nil, text.UnknownDataset},
		"an administrator, of one dataset": {admin, "dataset-3", []int{3}, ""},
	} {
		f := Filter{}
		if row.dataset != "" {
			f.Dataset = label(row.dataset)
		}
		rows, _, err := r.desk.Uses(t.Context(), actor(row.who), f, Page{})
		counts, _, failed := r.desk.CountUses(t.Context(), actor(row.who), Counting{By: ByDataset, Dataset: f.Dataset}, Page{})
		if row.want == nil {
			refused(t, what, err, row.code)
			refused(t, what+", counted", failed, row.code)
			continue
		}
		var got, counted, want []string
		for _, u := range rows {
			got = append(got, u.Dataset.String())
		}
		for _, c := range counts {
			counted = append(counted, c.Of)
		}
		for _, n := range row.want {
			want = append(want, fmt.Sprintf("dataset-%d", n))
		}
		slices.Reverse(counted)
		if !slices.Equal(got, want) || !slices.Equal(counted, want) || err != nil || failed != nil {
			t.Errorf("%s: got %v, %v, and counted %v, %v, want %v", what, got, err, counted, failed, want)
		}
	}
}

// TestNothingSealedIsListed lists a use whose payload has parameters, keys and an outcome, and one
// whose payload was erased: neither the list nor the state tells what was asked.
func TestNothingSealedIsListed(t *testing.T) {
	r := open(t)
	first := r.use(t, used{consumer: civil, purpose: "check", rows: 3})
	gone := r.use(t, used{consumer: civil, purpose: "check", rows: 5})
	if _, err := commandErase.Do(t.Context(), r, book.Request{}, gone.n); err != nil {
		t.Fatal(err)
	}
	rows, _, err := r.desk.Uses(t.Context(), actor(civil), Filter{Purpose: label("check")}, Page{})
	if err != nil || len(rows) != 2 || rows[0].State != Erased || rows[0].Rows != 0 || rows[0].Consumer != civil || rows[1].Rows != 3 {
		t.Errorf("got %+v, %v", rows, err)
	}
	if told := fmt.Sprintf("%+v", rows); strings.Contains(told, "SECRET") {
		t.Errorf("the list tells %s", told)
	}
	err = r.View(t.Context(), func(s *state.Reader) error {
		for _, bucket := range []string{usesOf.bucket, usesBy.bucket, bucketUseCounts} {
			s.Scan(bucket, nil, nil, func(k, v []byte) bool {
				if strings.Contains(string(k)+string(v), "check") {
					t.Errorf("bucket %s has %q: %q", bucket, k, v)
				}
				return true
			})
		}
		return nil
	})
	if err != nil || first.n != 0 {
		t.Error(err)
	}
}

// TestCursors brings cursors to where they were not given.
func TestCursors(t *testing.T) {
	r := open(t)
	for range 4 {
		r.use(t, used{consumer: civil, purpose: "check"})
	}
	uses := func(f Filter, cursor string) (string, error) {
		_, next, err := r.desk.Uses(t.Context(), actor(civil), f, Page{Limit: 2, Cursor: cursor})
		return next, err
	}
	counts := func(c Counting, cursor string) (string, error) {
		_, next, err := r.desk.CountUses(t.Context(), actor(civil), c, Page{Limit: 1, Cursor: cursor})
		return next, err
	}
	r.Clock = r.Clock.AddDate(0, 2, 0)
	r.use(t, used{consumer: civil, purpose: "check"})
	given := must(uses(Filter{}, ""))
	counted := must(counts(Counting{By: ByMonth}, ""))
	if given == "" || counted == "" {
		t.Fatalf("got the cursors %q, %q", given, counted)
	}
	for what, try := range map[string]func() (string, error){
		"another filter":      func() (string, error) { return uses(Filter{Purpose: label("check")}, given) },
		"another time":        func() (string, error) { return uses(Filter{Period: Period{From: r.Clock}}, given) },
		"no cursor at all":    func() (string, error) { return uses(Filter{}, "x") },
		"a cursor of counts":  func() (string, error) { return uses(Filter{}, counted) },
		"a cursor of uses":    func() (string, error) { return counts(Counting{By: ByMonth}, given) },
		"another way":         func() (string, error) { return counts(Counting{By: ByAgency}, counted) },
		"a cursor of nothing": func() (string, error) { return counts(Counting{By: ByMonth}, "00") },
	} {
		_, err := try()
		refused(t, what, err, text.CursorNotOfList)
	}
	if next, err := uses(Filter{}, given); err != nil || next == "" {
		t.Errorf("the cursor itself: got %q, %v", next, err)
	}
}
