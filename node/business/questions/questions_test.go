package questions

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func label(s string) identity.Label { return must(identity.ParseLabel(s)) }

var water, tax, villages = label("water"), label("tax"), label("villages")

func open(t *testing.T) *booktest.Ledger {
	t.Helper()
	return ledgerOf(t, func(*state.Tx, identity.Label) error { return nil })
}

func ledgerOf(t *testing.T, acts Acts) *booktest.Ledger {
	t.Helper()
	registry := state.NewRegistry()
	Register(registry, acts)
	return booktest.New(t, "nanming.guiyang.guizhou", registry)
}

func saving(t *testing.T, l *booktest.Ledger, agency identity.Label, name, question string) error {
	t.Helper()
	_, err := Save(t.Context(), l, must(identity.NewMessage()), agency, name, villages, []byte(question))
	return err
}

func reading(t *testing.T, l *booktest.Ledger, f func(r *state.Reader) error) {
	t.Helper()
	if err := l.View(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func of(t *testing.T, l *booktest.Ledger, agency identity.Label, name string) (s Saved, err error) {
	t.Helper()
	failed := l.View(t.Context(), func(r *state.Reader) error { s, err = Of(l, r, agency, name); return nil })
	if failed != nil {
		t.Fatal(failed)
	}
	return s, err
}

// damaged is a ledger in which the payloads of some entries cannot be read.
type damaged struct {
	*booktest.Ledger
	at []uint64
}

func (d damaged) Payload(r *state.Reader, index uint64) ([]byte, error) {
	if slices.Contains(d.at, index) {
		return nil, errors.New("open payload: message authentication failed")
	}
	return d.Ledger.Payload(r, index)
}

// TestDamagedQuestion: a question that is damaged takes nothing but itself out of the list, and can
// be removed and saved anew; a result that is damaged is passed over for an earlier one.
func TestDamagedQuestion(t *testing.T) {
	l := open(t)
	for _, name := range []string{"a", "b", "c"} {
		if err := saving(t, l, water, name, `{"at":"x"}`); err != nil {
			t.Fatal(err)
		}
	}
	b := must(of(t, l, water, "b"))
	hurt := damaged{l, []uint64{b.At.Index()}}
	reading(t, l, func(r *state.Reader) error {
		all, err := All(hurt, r, water)
		var got []string
		for _, s := range all {
			got = append(got, fmt.Sprint(s.Name, s.Damaged != nil, s.At == b.At))
		}
		if want := []string{"true true", "a" + "false false", "c" + "false false"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
		b, err = Of(hurt, r, water, "b")
		if err != nil || b.Damaged == nil || b.Name != "b" {
			t.Errorf("by its name: got %+v, %v", b, err)
		}
		return nil
	})
	if _, err := b.Remove(t.Context(), hurt, must(identity.NewMessage())); err != nil {
		t.Fatal(err)
	}
	if _, err := of(t, l, water, "b"); !failure.Is(err, text.NoQuestion) {
		t.Errorf("removed: got %v", err)
	}
}

// TestDamagedResult: a result that is damaged is passed over for one of an earlier month.
func TestDamagedResult(t *testing.T) {
	l := open(t)
	if err := saving(t, l, water, "q", `{}`); err != nil {
		t.Fatal(err)
	}
	for total := range uint64(2) {
		if _, err := must(of(t, l, water, "q")).Keep(t.Context(), l, Result{Total: total + 1}); err != nil {
			t.Fatal(err)
		}
		l.Clock = l.Clock.AddDate(0, 2, 0)
	}
	if err := saving(t, l, water, "another, two months later", `{}`); err != nil {
		t.Fatal(err)
	}
	q := must(of(t, l, water, "q"))
	reading(t, l, func(r *state.Reader) error {
		for want, at := range map[uint64][]uint64{2: nil, 1: {q.Kept[1].At.Index()}, 0: {q.Kept[0].At.Index(), q.Kept[1].At.Index()}} {
			if got, _, ok := q.Before(damaged{l, at}, r); got.Total != want || ok != (want > 0) {
				t.Errorf("with %v damaged: got %d, %t, want %d", at, got.Total, ok, want)
			}
		}
		return nil
	})
}

// TestSaved keeps questions of two agencies under the same name: each sees its own, and a name is
// one name however it is composed.
func TestSaved(t *testing.T) {
	l := open(t)
	for _, agency := range []identity.Label{water, tax} {
		if err := saving(t, l, agency, " 低保户数\u0065\u0301 ", fmt.Sprintf(`{"at":%q}`, agency)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := of(t, l, water, "低保户数é")
	if err != nil || s.Name != "低保户数é" || string(s.Document) != `{"at":"water"}` || s.Agency != water {
		t.Errorf("got %+v, %v", s, err)
	}
	if err := saving(t, l, water, "甲", `{}`); err != nil {
		t.Fatal(err)
	}
	reading(t, l, func(r *state.Reader) error {
		all, err := All(l, r, water)
		if len(all) != 2 || all[1].Name != "甲" {
			t.Errorf("got %+v", all)
		}
		return err
	})
	if _, err := s.Remove(t.Context(), l, must(identity.NewMessage())); err != nil {
		t.Fatal(err)
	}
	if _, err := of(t, l, water, "低保户数é"); !failure.Is(err, text.NoQuestion) {
		t.Errorf("removed: got %v", err)
	}
	if _, err := of(t, l, tax, "低保户数é"); err != nil {
		t.Errorf("the other agency's: %v", err)
	}
	if _, err := s.Keep(t.Context(), l, Result{}); !failure.Is(err, text.QuestionChanged) {
		t.Errorf("a result of what was removed: got %v", err)
	}
	if _, err := s.Remove(t.Context(), l, must(identity.NewMessage())); !failure.Is(err, text.QuestionChanged) {
		t.Errorf("removed again: got %v", err)
	}
}

// TestNothingInClear: neither a name nor a question stands in the state in clear.
func TestNothingInClear(t *testing.T) {
	l := open(t)
	if err := saving(t, l, water, "金丝雀户数", `{"key":"金丝雀"}`); err != nil {
		t.Fatal(err)
	}
	reading(t, l, func(r *state.Reader) error {
		r.Scan(bucket.Name, nil, nil, func(k, v []byte) bool {
			if strings.Contains(string(k)+string(v), "金丝雀") {
				t.Errorf("the state has %q: %q", k, v)
			}
			return true
		})
		return nil
	})
}

// TestRefused holds what is not saved.
func TestRefused(t *testing.T) {
	l := open(t)
	for what, row := range map[string]struct {
		name, question string
		want           text.Code
	}{
		"no name": {" ", `{}`, text.BadRequest}, "a long name": {strings.Repeat("名", 34), `{}`, text.BadRequest},
		"a line": {"a\nb", `{}`, text.BadRequest}, "no text": {"\xff", `{}`, text.BadRequest},
		"a name that hides": {"水\u3164务", `{}`, text.NameDisguised}, "a radical": {"⽔务", `{}`, text.NameDisguised},
		"a long question": {"a", `"` + strings.Repeat("x", MaxDocument) + `"`, text.TooLarge},
	} {
		if err := saving(t, l, water, row.name, row.question); !failure.Is(err, row.want) {
			t.Errorf("%s: got %v, want %s", what, err, row.want)
		}
	}
	for n := range MaxQuestions {
		if err := saving(t, l, water, fmt.Sprint(n), `{}`); err != nil {
			t.Fatal(err)
		}
	}
	if err := saving(t, l, water, "one more", `{}`); !failure.Is(err, text.QuestionsMany) {
		t.Errorf("one more: got %v", err)
	}
	if err := saving(t, l, water, "7", `{"again":true}`); err != nil {
		t.Errorf("one of them anew: %v", err)
	}
	if err := saving(t, l, tax, "one more", `{}`); err != nil {
		t.Errorf("another agency's: %v", err)
	}
}

// TestMonths keeps a result a month, the last one, of at most MaxMonths; a question that was saved
// anew begins anew.
func TestMonths(t *testing.T) {
	l := open(t)
	l.Clock = time.Date(2026, 1, 31, 15, 59, 0, 0, time.UTC) // 23:59 in Beijing
	if err := saving(t, l, water, "q", `{}`); err != nil {
		t.Fatal(err)
	}
	before := func() (r Result, k Kept, ok bool) {
		s := must(of(t, l, water, "q"))
		reading(t, l, func(reader *state.Reader) error { r, k, ok = s.Before(l, reader); return nil })
		return r, k, ok
	}
	for n, at := range []time.Duration{0, 0, time.Minute, 40 * 24 * time.Hour} {
		l.Clock = l.Clock.Add(at)
		if _, err := must(of(t, l, water, "q")).Keep(t.Context(), l, Result{Total: uint64(n)}); err != nil {
			t.Fatal(err)
		}
	}
	if r, k, ok := before(); !ok || r.Total != 2 || k.Month != "2026-02" {
		t.Errorf("got %+v of %+v, %t", r, k, ok)
	}
	for range MaxMonths {
		l.Clock = l.Clock.AddDate(0, 1, 0)
		if _, err := must(of(t, l, water, "q")).Keep(t.Context(), l, Result{}); err != nil {
			t.Fatal(err)
		}
	}
	s := must(of(t, l, water, "q"))
	if len(s.Kept) != MaxMonths || s.Kept[0].Month != "2026-04" {
		t.Errorf("got %d months from %s", len(s.Kept), s.Kept[0].Month)
	}
	if err := saving(t, l, water, "q", `{"other":1}`); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := before(); ok || len(must(of(t, l, water, "q")).Kept) != 0 {
		t.Error("results of the question from before are compared")
	}
	if _, err := s.Keep(t.Context(), l, Result{}); !failure.Is(err, text.QuestionChanged) {
		t.Errorf("a result of the question from before: got %v", err)
	}
}

// TestLongResult keeps a result of many long groups without them, and compares the rest.
func TestLongResult(t *testing.T) {
	l := open(t)
	if err := saving(t, l, water, "q", `{}`); err != nil {
		t.Fatal(err)
	}
	long := Result{Total: 7}
	for n := range 1000 {
		long.Groups = append(long.Groups, Group{[]string{fmt.Sprint(n, strings.Repeat("x", 500))}, 1, ""})
	}
	if _, err := must(of(t, l, water, "q")).Keep(t.Context(), l, long); err != nil {
		t.Fatal(err)
	}
	l.Clock = l.Clock.AddDate(0, 2, 0)
	if _, err := must(of(t, l, water, "q")).Keep(t.Context(), l, Result{}); err != nil {
		t.Fatal(err)
	}
	reading(t, l, func(r *state.Reader) error {
		before, _, ok := must(of(t, l, water, "q")).Before(l, r)
		if c := Compare(before, long); !ok || c.Total != "0" || len(c.Groups) != 0 {
			t.Errorf("got %+v, %t", c.Total, ok)
		}
		return nil
	})
}

// TestCompare compares results: differences where the coverage is the same, and none where it
// or what was left out differs in any way. A group that is not told is none, and never 0.
func TestCompare(t *testing.T) {
	result := func(edit func(*Result)) Result {
		r := Result{
			Total: 10, Amount: "1.5", Groups: []Group{{[]string{"a"}, 4, "1"}, {[]string{"b"}, 6, "0.5"}},
			Coverage: Coverage{Members: 3, Answered: 2, Missing: []string{"x"}, Roster: 1},
		}
		if edit != nil {
			edit(&r)
		}
		return r
	}
	c := Compare(result(nil), result(func(r *Result) {
		r.Total, r.Amount, r.Groups = 7, "1.75", []Group{{[]string{"b"}, 6, "0.5"}, {[]string{"c"}, 1, ""}}
	}))
	got := fmt.Sprintf("%t %s %s", c.Same, c.Total, c.Amount)
	for _, g := range c.Groups {
		got += fmt.Sprintf(" %s:%s>%s(%s)", g.Values[0], countOf(g.Before), countOf(g.Now), g.Count)
	}
	if want := "true -3 +0.25 b:6>6(0) c:none>1() a:4>none()"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for what, edit := range map[string]func(*Result){
		"another is missing":         func(r *Result) { r.Missing = []string{"y"} },
		"one more is missing":        func(r *Result) { r.Missing, r.Answered = []string{"x", "y"}, 1 },
		"all answered":               func(r *Result) { r.Missing, r.Answered = nil, 3 },
		"there are more members":     func(r *Result) { r.Members, r.Answered = 4, 3 },
		"the roster is another one":  func(r *Result) { r.Roster = 2 },
		"records do not fit":         func(r *Result) { r.LeftOut.Unfit = 400 },
		"some could not be compared": func(r *Result) { r.LeftOut.Incomparable = 1 },
		"some could not be read":     func(r *Result) { r.LeftOut.Unreadable = 1 },
		"of another as many":         func(r *Result) { r.LeftOut.Of = "ab" },
	} {
		c := Compare(result(nil), result(edit))
		if c.Same && c.SameLeft || c.Total != "" || c.Amount != "" || c.Groups != nil {
			t.Errorf("%s: got %+v", what, c)
		}
	}
	c = Compare(result(nil), result(func(r *Result) { r.Missing = []string{"y"} }))
	if !slices.Equal(c.Came, []string{"x"}) || !slices.Equal(c.Gone, []string{"y"}) {
		t.Errorf("got %+v", c)
	}
}

func countOf(g *Group) string {
	if g == nil {
		return "none"
	}
	return fmt.Sprint(g.Count)
}

// TestLess holds differences against math/big.
func TestLess(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		a, b := fmt.Sprintf("%d.%d", random.Int64N(1e12)-5e11, random.IntN(1000)), fmt.Sprint(random.Int64N(1e12)-5e11)
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		want := new(big.Rat).Sub(x, y)
		got, ok := new(big.Rat).SetString(strings.TrimPrefix(less(a, b), "+"))
		if !ok || got.Cmp(want) != 0 || (want.Sign() > 0) != strings.HasPrefix(less(a, b), "+") {
			t.Fatalf("%s - %s: got %s, want %s", a, b, less(a, b), want.FloatString(3))
		}
	}
	for _, none := range [][2]string{{"", "1"}, {"1", ""}, {"x", "1"}} {
		if got := less(none[0], none[1]); got != "" {
			t.Errorf("%v: got %q", none, got)
		}
	}
}

// TestEndedAgencyWritesNothing: in the name of an agency that ended after it was looked at nothing
// is saved, kept or removed; what it had stays readable.
func TestEndedAgencyWritesNothing(t *testing.T) {
	var ended error
	l := ledgerOf(t, func(*state.Tx, identity.Label) error { return ended })
	if err := saving(t, l, water, "户数", "{}"); err != nil {
		t.Fatal(err)
	}
	s, err := of(t, l, water, "户数")
	if err != nil {
		t.Fatal(err)
	}
	ended = book.Refuse(text.AgencyEnded, "water", "水务局", l.Name().String(), "2026-11-29T09:00:00Z", "机构改革")
	entries := len(l.Heads(t, 0))
	_, kept := s.Keep(t.Context(), l, Result{})
	_, removed := s.Remove(t.Context(), l, must(identity.NewMessage()))
	for what, err := range map[string]error{"save": saving(t, l, water, "人数", "{}"), "keep": kept, "remove": removed} {
		if !failure.Is(err, text.AgencyEnded) {
			t.Errorf("%s: got %v, want %s", what, err, text.AgencyEnded)
		}
	}
	if n := len(l.Heads(t, 0)); n != entries {
		t.Errorf("%d entries more", n-entries)
	}
	if _, err := of(t, l, water, "户数"); err != nil {
		t.Errorf("it cannot be read any more: %v", err)
	}
}
