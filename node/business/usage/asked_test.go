package usage

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// question is a question to another jurisdiction, as the model has it.
type question struct {
	n       uint64
	at      time.Time
	agency  string
	to      string
	dataset string
	purpose string
	outcome text.Code
	records uint64
	grant   string // index of the grant's entry there; "": none was told
	until   time.Time
}

func (q question) named() string {
	if q.grant == "" {
		return ""
	}
	return q.to + "/log/1/" + q.grant
}

// ask records a question at the clock.
func (r *room) ask(t testing.TB, q question) question {
	t.Helper()
	said := map[string]any{
		"destination": q.to, "dataset": q.dataset, "purpose": q.purpose, "operation": "query", "records": q.records, "answer": "SECRET",
		"grant": q.named(),
	}
	if !q.until.IsZero() {
		said["until"] = q.until.UTC().Format(time.RFC3339)
	}
	b := questioned{Agency: label(q.agency), Refused: q.outcome != "", Find: FindAsked(r, label(q.dataset), place(q.to), identity.Label{})}
	if q.purpose != "" {
		b.Find.Purpose = FindPurpose(r, label(q.purpose))
	}
	if q.outcome != "" {
		said["outcome"] = text.Number(q.outcome)
	}
	if q.outcome != text.UnknownDataset {
		code := label(q.dataset)
		b.Dataset = &code
	}
	if q.grant != "" {
		b.Held = &Held{Grant: FindGrant(r, must(identity.ParseEntry(q.named()))), Revoked: q.outcome == text.GrantRevoked}
		if !q.until.IsZero() {
			b.Held.Until = uint64(q.until.UnixMilli())
		}
	}
	b.Statement = must(r.Note("application/json", must(json.Marshal(said))))
	ref, err := commandAsk.Do(t.Context(), r, book.Request{}, b)
	if err != nil {
		t.Fatal(err)
	}
	q.n, _ = ref.Index()
	q.at = time.UnixMilli(r.Clock.UnixMilli())
	return q
}

func drawnQuestion(rnd *rand.Rand, now time.Time) question {
	q := question{
		agency: []string{"water", "civil-affairs", "water-2"}[rnd.IntN(3)], to: []string{"guizhou", "guiyang.guizhou", "yunyan.guiyang.guizhou"}[rnd.IntN(3)],
		dataset: fmt.Sprintf("dataset-%d", rnd.IntN(3)), purpose: []string{"check", "statistics", ""}[rnd.IntN(3)],
	}
	switch rnd.IntN(5) {
	case 0:
		q.outcome, q.dataset = text.UnknownDataset, "typed"
	case 1:
		q.outcome, q.grant = text.GrantRevoked, fmt.Sprint(rnd.IntN(6))
	case 2:
		q.outcome, q.grant = text.GrantExpired, fmt.Sprint(rnd.IntN(6))
	default:
		q.records, q.grant = rnd.Uint64N(9), fmt.Sprint(rnd.IntN(6))
		if rnd.IntN(3) > 0 {
			q.until = now.Add(time.Duration(rnd.IntN(100)) * 24 * time.Hour).Truncate(time.Second)
		}
	}
	return q
}

func (q question) fits(who identity.Agency, f AskedFilter) bool {
	return (who.IsZero() || who.Code().String() == q.agency) && (f.Agency.IsZero() || f.Agency.String() == q.agency) &&
		(f.At.IsZero() || f.At.String() == q.to) && (f.Dataset.IsZero() || f.Dataset.String() == q.dataset) &&
		(f.Purpose.IsZero() || f.Purpose.String() == q.purpose) &&
		(f.From.IsZero() || !q.at.Before(f.From)) && (f.To.IsZero() || q.at.Before(f.To))
}

func askedFilter(rnd *rand.Rand, who identity.Agency, begin, end time.Time) (f AskedFilter) {
	if rnd.IntN(3) == 0 {
		f.Agency = label([]string{"water", "water-2", "nobody"}[rnd.IntN(3)])
		if !who.IsZero() {
			f.Agency = who.Code()
		}
	}
	if rnd.IntN(3) == 0 {
		f.At = place([]string{"guizhou", "guiyang.guizhou", "zunyi.guizhou"}[rnd.IntN(3)])
	}
	if rnd.IntN(3) == 0 {
		f.Dataset = label([]string{"dataset-0", "dataset-1", "typed"}[rnd.IntN(3)])
	}
	if rnd.IntN(3) == 0 {
		f.Purpose = label([]string{"check", "never"}[rnd.IntN(2)])
	}
	g := filter(rnd, identity.Agency{}, begin, end)
	f.Period = g.Period
	return f
}

// TestAskedModel draws questions, and lists them under drawn filters, page by page, while more
// come; and it lists the grants that were heard of. The lists are those of a model which has the
// questions in a slice.
func TestAskedModel(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	r := open(t)
	begin := r.Clock
	var model []question
	more := func() {
		r.Clock = r.Clock.Add(time.Duration(rnd.Int64N(int64(2 * 24 * time.Hour))))
		model = append(model, r.ask(t, drawnQuestion(rnd, r.Clock)))
	}
	for i := range 500 {
		more()
		if i < 200 || i%3 > 0 {
			continue
		}
		who := []identity.Agency{admin, civil, water}[rnd.IntN(3)]
		f := askedFilter(rnd, who, begin, r.Clock)
		var want []string
		for _, q := range slices.Backward(model) {
			if q.fits(who, f) {
				want = append(want, fmt.Sprintln(r.Names().Entry(q.n), q.at, q.agency, q.to, q.dataset, q.purpose, text.Number(q.outcome), q.records, q.named()))
			}
		}
		var got []string
		rows := all(t, func(p Page) ([]AskedRow, string, error) { return r.desk.Asked(t.Context(), actor(who), f, p) }, 1+rnd.IntN(60), func() {
			if rnd.IntN(4) == 0 {
				more()
			}
		})
		for _, a := range rows {
			got = append(got, fmt.Sprintln(a.Entry, a.Time, a.Agency, a.AskedSaid.To, a.Dataset, a.Purpose, a.Outcome, a.Records, a.Grant))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v, %+v: got %d\n%swant %d\n%s", who, f, len(got), strings.Join(got, ""), len(want), strings.Join(want, ""))
		}
		r.sameHeld(t, who, model, 1+rnd.IntN(9))
	}
}

// sameHeld compares the grants that are held with what the questions of the model told of them.
func (r *room) sameHeld(t *testing.T, who identity.Agency, model []question, limit int) {
	t.Helper()
	type grant struct {
		question
		last question // at which it was heard of
	}
	known := map[string]grant{}
	for _, q := range model {
		key := q.agency + " " + q.named()
		if q.grant == "" || !who.IsZero() && q.agency != who.Code().String() {
			continue
		}
		g := grant{q, q}
		if before, ok := known[key]; ok && q.outcome != "" {
			g.until = before.until
		}
		known[key] = g
	}
	var now time.Time
	if err := r.View(t.Context(), func(s *state.Reader) error { now = time.UnixMilli(int64(s.Time())); return nil }); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, g := range known {
		over, end := !g.until.IsZero() && !g.until.After(now), "9999-99-99 99:99:99"
		if !g.until.IsZero() {
			end = g.until.UTC().Format(time.DateTime)
		}
		last := g.outcome == text.GrantRevoked || over
		want = append(want, fmt.Sprint(last, end, " ", g.agency, " ", g.named(), " ", g.outcome == text.GrantRevoked, over, g.last.n))
	}
	slices.Sort(want)
	var got []string
	for _, h := range all(t, func(p Page) ([]HeldRow, string, error) {
		return r.desk.Held(t.Context(), actor(who), identity.Label{}, p)
	}, limit, func() {}) {
		end := "9999-99-99 99:99:99"
		if !h.Ends.IsZero() {
			end = h.Ends.UTC().Format(time.DateTime)
		}
		got = append(got, fmt.Sprint(h.Taken || h.Over, end, " ", h.Agency, " ", h.Grant, " ", h.Taken, h.Over, h.Asked.Index()))
	}
	inOrder := slices.IsSortedFunc(got, func(a, b string) int { return strings.Compare(a[:23], b[:23]) })
	slices.Sort(got)
	if !inOrder || !slices.Equal(got, want) {
		t.Fatalf("%v holds, in order %t\n%s\nwant\n%s", who, inOrder, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestAskedIsTheAskers (U05c) asks in the name of everybody for what they may not see: an agency
// sees its own questions and grants, an administrator all, and nobody else any.
func TestAskedIsTheAskers(t *testing.T) {
	r := open(t)
	q := question{agency: "water", to: "guizhou", dataset: "dataset-0", purpose: "check", grant: "1"}
	r.ask(t, q)
	r.ask(t, question{agency: "civil-affairs", to: "guizhou", dataset: "dataset-0", purpose: "check", grant: "2"})
	for what, row := range map[string]struct {
		who    identity.Agency
		wanted string
		want   int // -1: refused
	}{
		"the agency": {water, "", 1}, "the agency, by name": {water, "water", 1}, "another agency": {agency(home, "police"), "", 0},
		"an administrator": {admin, "", 2}, "an administrator, of one": {admin, "water", 1}, "one of another's": {civil, "water", -1},
		"its code elsewhere": {agency("guizhou", "water"), "", 0}, "that, by name": {agency("guizhou", "water"), "water", -1},
	} {
		var wanted identity.Label
		if row.wanted != "" {
			wanted = label(row.wanted)
		}
		rows, _, err := r.desk.Asked(t.Context(), actor(row.who), AskedFilter{Agency: wanted}, Page{})
		grants, _, errHeld := r.desk.Held(t.Context(), actor(row.who), wanted, Page{})
		counts, _, errCount := r.desk.CountAsked(t.Context(), actor(row.who), wanted, Counting{By: ByAgency, Dataset: label("dataset-0")}, Page{})
		if row.want < 0 {
			for _, err := range []error{err, errHeld, errCount} {
				refused(t, what, err, text.OthersList)
			}
			continue
		}
		if len(rows) != row.want || len(grants) != row.want || len(counts) != row.want || err != nil || errHeld != nil || errCount != nil {
			t.Errorf("%s: got %d questions, %d grants, %d counts, %v, %v, %v, want %d", what, len(rows), len(grants), len(counts), err, errHeld, errCount, row.want)
		}
	}
	rows, _, err := r.desk.Asked(t.Context(), actor(water), AskedFilter{}, Page{})
	if told := fmt.Sprintf("%+v", rows); err != nil || strings.Contains(told, "SECRET") {
		t.Errorf("the list tells %s, %v", told, err)
	}
	err = r.View(t.Context(), func(s *state.Reader) error {
		for _, bucket := range []string{askedOf.bucket, askedBy.bucket, bucketAskCounts, held.Name} {
			s.Scan(bucket, nil, nil, func(k, v []byte) bool {
				if kept := string(k) + string(v); strings.Contains(kept, "guizhou") || strings.Contains(kept, "check") {
					t.Errorf("bucket %s has %q", bucket, kept)
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
