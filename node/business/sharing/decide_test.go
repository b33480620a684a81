package sharing

import (
	"errors"
	"strings"
	"testing"
	"time"

	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

var (
	sumIncome = gather.Measure{Function: gather.Sum, Field: "income"}
	maximum   = gather.Measure{Function: gather.Maximum, Field: "income"}
)

// TestVerdicts checks that the asker is told every verdict with the right code, and with the values
// that its sentence needs.
func TestVerdicts(t *testing.T) {
	day := 24 * time.Hour
	for what, row := range map[string]struct {
		edit  func(*Request)
		after func(*testing.T, *room) // makes the state before the decision
		want  text.Code
		args  text.Args // some of them
	}{
		"no purpose": {func(q *Request) { q.Purpose = "" }, nil,
			text.PurposeNeeded, text.Args{"purposes": "statistics, residence-check"}},
		"another purpose": {func(q *Request) { q.Purpose = "marketing" }, nil, text.UnknownPurpose, text.Args{"purpose": "marketing"}},
		"what is no code": {func(q *Request) { q.Purpose = "No Code" }, nil, text.UnknownPurpose, text.Args{"purpose": "No Code"}},
		"another field": {func(q *Request) { q.Fields = []string{"code", "height"} }, nil,
			text.UnknownField, text.Args{"field": "height", "fields": "code, income, name"}},
		"not shared": {func(q *Request) { q.Offer.Category, q.Offer.Citation = policy.NotShared, "law art 1" }, nil,
			text.NotShared, text.Args{"citation": "law art 1"}},
		"with conditions": {func(q *Request) { q.Offer.Category = policy.Conditional }, nil,
			text.GrantNeeded, text.Args{"provider": "civil-affairs"}},
		"a measure": {func(q *Request) { q.Measure = maximum; q.Offer.Measures = policy.Measures{"income": {"sum"}} }, nil,
			text.MeasureNotOffered, text.Args{"measure": "maximum(income)", "offered": "income: sum"}},
		"a measure, of none": {func(q *Request) { q.Measure = maximum }, nil, text.MeasureNotOffered, text.Args{"offered": ""}},
		"revoked": {func(*Request) {}, func(t *testing.T, r *room) { r.revoke(t, r.permitted(t, request(water))) },
			text.GrantRevoked, text.Args{"grant": "nanming.guiyang.guizhou/log/1/1", "entry": "nanming.guiyang.guizhou/log/1/2"}},
		"ended": {func(q *Request) { q.Application = Application{} }, func(t *testing.T, r *room) {
			r.permitted(t, request(water))
			r.later(t, 366*day)
		}, text.GrantExpired, text.Args{"until": "2027-11-24T09:00:00Z"}},
	} {
		r, q := open(t), request(water)
		if row.after != nil {
			row.after(t, r)
		}
		row.edit(&q)
		args := r.refused(t, what, row.want, func() error {
			_, _, err := r.decide(t, q)
			return err
		})
		for name, want := range row.args {
			if args[name] != want {
				t.Errorf("%s: got %s %q, want %q", what, name, args[name], want)
			}
		}
	}
}

// TestFieldNotGranted checks the refusal of a verdict that no grant by rule leads to, because such
// a grant names no fields.
func TestFieldNotGranted(t *testing.T) {
	r := open(t)
	err := refusal(r.Names(), request(water), &Grant{Index: 7}, ledger.None, policy.FieldNotGranted)
	if f := failure.Of(err); f.Code != text.FieldNotGranted || f.Args["grant"] != "nanming.guiyang.guizhou/log/1/7" {
		t.Errorf("got %v with %v", err, f.Args)
	}
	if err := refusal(r.Names(), request(water), nil, ledger.None, 0); failure.Of(err).Code != text.Internal {
		t.Errorf("a verdict without a sentence: got %v", err)
	}
}

// TestOffered checks the list of the measures that an entry offers.
func TestOffered(t *testing.T) {
	for want, o := range map[string]policy.Offer{
		"":             {},
		"by sex, town": {GroupBy: []string{"sex", "town"}},
		"a: maximum":   {Measures: policy.Measures{"a": {"maximum"}}},
		"a: sum; b: sum, average; by sex": {
			Measures: policy.Measures{"b": {"sum", "average"}, "a": {"sum"}}, GroupBy: []string{"sex"}},
	} {
		if got := Offered(o.Measures, o.GroupBy); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestDecideWritesNothing checks that a decision takes one reading, writes nothing, and only says
// that an application is needed.
func TestDecideWritesNothing(t *testing.T) {
	r := open(t)
	views, proposals := r.Views.Load(), r.Proposals.Load()
	p, apply, err := r.decide(t, request(water))
	if err != nil || !apply || p.Now {
		t.Errorf("got %+v, %t, %v", p, apply, err)
	}
	if _, some := p.Grant.Index(); some || r.Proposals.Load() != proposals || r.Views.Load() != views+1 {
		t.Errorf("got the grant %d after %d reads and %d commands", p.Grant, r.Views.Load()-views, r.Proposals.Load()-proposals)
	}
	p, apply, err = r.decide(t, request(civil))
	if _, some := p.Grant.Index(); err != nil || apply || some {
		t.Errorf("the provider: got %+v, %t, %v", p, apply, err)
	}
}

// TestEvidence checks that a request of another jurisdiction is refused without evidence, and a
// request of this one with evidence.
func TestEvidence(t *testing.T) {
	r := open(t)
	for what, edit := range map[string]func(*Request){
		"none of another's": func(q *Request) { q.Consumer = neighbour },
		"some of our own":   func(q *Request) { q.Evidence = []byte("x") },
	} {
		q := request(water)
		edit(&q)
		if _, _, err := r.decide(t, q); !errors.Is(err, errEvidence) {
			t.Errorf("%s: got %v, want errEvidence", what, err)
		}
	}
}

// TestMissingAtOnce checks that the refusal of an application names all missing members at once,
// and that no application is filed.
func TestMissingAtOnce(t *testing.T) {
	r := open(t)
	for want, edit := range map[string]func(*Application){
		"basis, scenario, scope, method, until": func(a *Application) { *a = Application{} },
		"basis":                                 func(a *Application) { a.Basis = "" },
		"scenario, method":                      func(a *Application) { a.Scenario, a.Method = " ", "\n" },
		"scope, until":                          func(a *Application) { a.Scope, a.Until = "", "\t" },
	} {
		q := request(water)
		edit(&q.Application)
		args := r.refused(t, want, text.BasisNeeded, func() error {
			_, err := PermitUse(t.Context(), r, q)
			return err
		})
		if args["missing"] != want || args["dataset"] != "villages" {
			t.Errorf("got %v, want %q to be missing", args, want)
		}
	}
	long := request(water)
	long.Scope = strings.Repeat("x", MaxTextLen+1)
	args := r.refused(t, "a long text", text.TooLarge, func() error {
		_, err := PermitUse(t.Context(), r, long)
		return err
	})
	if args["where"] != "scope" || args["size"] != "2001" {
		t.Errorf("a long text: got %v", args)
	}
	long.Scope = long.Scope[1:]
	r.permitted(t, long)
}

// TestUntil checks that the end of a use is refused if it is no time, is over, or is too far away.
// A04: grants that end at once would pile up, two entries and a grant for each application.
func TestUntil(t *testing.T) {
	r := open(t)
	for until, ok := range map[string]bool{
		"tomorrow": false, "2026-11-24": false, "2026-11-24T09:00:00Z": false, "2026-11-24T17:00:00+08:00": false,
		"2026-11-24T09:00:01Z": false, "2026-11-24T09:59:59Z": false, "2026-11-24T10:00:00Z": true, "2031-11-24T09:00:00Z": true, "2031-11-24T09:00:01Z": false, "2020-01-01T00:00:00Z": false,
	} {
		q := request(neighbour)
		q.Until = until
		act := func() error {
			p, _, err := r.decide(t, q)
			if err == nil {
				_, err = q.check(q.Dataset, p.at)
			}
			return err
		}
		if ok {
			if err := act(); err != nil {
				t.Errorf("until %s: %v", until, err)
			}
			continue
		}
		if args := r.refused(t, "until "+until, text.BadRequest, act); args["where"] != "until" {
			t.Errorf("until %s: got %v", until, args)
		}
	}
}

// TestRenewals checks that a use goes on under its grant, that a grant that has ended is renewed,
// and that measures which the grant does not name need a new application.
func TestRenewals(t *testing.T) {
	r, q := open(t), request(water)
	q.Offer.Measures = policy.Measures{"income": {"sum"}}
	first := r.permitted(t, q)
	q.Application = Application{}
	again := r.permitted(t, q)
	if again.Grant != first.Grant || again.Now || !first.Now {
		t.Errorf("got the grants %d and %d, want one", first.Grant, again.Grant)
	}
	q.Measure = sumIncome
	if p := r.permitted(t, q); p.Grant != first.Grant {
		t.Errorf("a sum: got the grant %d, want %d", p.Grant, first.Grant)
	}
	q.Offer.Measures, q.Measure = policy.Measures{"income": {"sum", "maximum"}}, maximum
	r.refused(t, "a measure that it does not name, without an application", text.BasisNeeded, func() error {
		_, err := PermitUse(t.Context(), r, q)
		return err
	})
	conditional := q
	conditional.Offer.Category = policy.Conditional
	r.refused(t, "with conditions, under a grant by rule", text.GrantNeeded, func() error {
		_, _, err := r.decide(t, conditional)
		return err
	})
	q.Application = applied
	other := r.permitted(t, q)
	if other.Grant == first.Grant || !other.Now {
		t.Errorf("a measure that it does not name: got the grant %d", other.Grant)
	}
	r.later(t, 366*24*time.Hour)
	q.Until = "2028-11-24T09:00:00Z"
	renewed := r.permitted(t, q)
	if renewed.Grant == other.Grant || !renewed.Now {
		t.Errorf("after its end: got the grant %d", renewed.Grant)
	}
	if all := r.grants(t); len(all) != 3 || all[2].Until.Year() != 2028 || len(all[0].Measures["income"]) != 1 {
		t.Errorf("got the grants %+v", all)
	}
}

// TestWordsOf opens the words of an application, and gets none where they were erased.
func TestWordsOf(t *testing.T) {
	r := open(t)
	index, _ := r.permitted(t, request(water)).Grant.Index()
	words := func() (a Application) {
		r.reading(t, func(reader *state.Reader) {
			g, _ := grantAt(reader, index)
			w, err := WordsOf(r, reader, g)
			if a = w.Application; err != nil {
				t.Error(err)
			}
		})
		return a
	}
	if got := words(); got != applied {
		t.Errorf("got %+v, want %+v", got, applied)
	}
	if _, err := commandErase.Do(t.Context(), r, book.ByNode(r, newID(), nil), index-1); err != nil {
		t.Fatal(err)
	}
	if got := words(); got != (Application{}) {
		t.Errorf("erased: got %+v", got)
	}
}
