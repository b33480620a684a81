package gather

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/exchange/decimal"
)

func name(t testing.TB, s string) identity.Jurisdiction {
	t.Helper()
	j, err := identity.ParseJurisdiction(s)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

var levels = []string{"province", "prefecture", "county", "township", "village", "group"}

// rosterOf lists the names, each of the level of its depth.
func rosterOf(t testing.TB, names ...string) Roster {
	var all List
	for _, s := range names {
		j := name(t, s)
		all = append(all, Place{j, levels[j.Depth()-1]})
	}
	return Roster{Number: 1, Hash: sha256.Sum256([]byte(strings.Join(names, "\n"))), Places: all}
}

func number(n uint64) *uint64 { return &n }

func amount(t testing.TB, text string) *decimal.Decimal {
	t.Helper()
	d, err := decimal.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return &d
}

func all(n uint64) []Group { return []Group{{Values: []string{}, Count: n}} }

func TestSelector(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "x.a.p", "y.a.p", "b.p", "z.b.p")
	for _, row := range []struct {
		below        string
		deep         bool
		level, typed string
		want         string
	}{
		{"p", false, "", "*.p", "a.p b.p"},
		{"p", true, "", "**.p", "a.p x.a.p y.a.p b.p z.b.p"},
		{"p", true, "county", "**.p", "x.a.p y.a.p z.b.p"},
		{"p", false, "county", "*.p", ""},
		{"a.p", false, "", "*.a.p", "x.a.p y.a.p"},
		{"x.a.p", true, "", "**.x.a.p", ""},
	} {
		s := Selector{Below: name(t, row.below), Deep: row.deep, Level: row.level}
		if s.String() != row.typed {
			t.Errorf("got %s, want %s", s, row.typed)
		}
		var got []string
		for _, p := range (Question{Selector: s}).Members(r, s.Below) {
			got = append(got, p.Name.String())
		}
		if strings.Join(got, " ") != row.want {
			t.Errorf("%s of %q: got %v, want %s", row.typed, row.level, got, row.want)
		}
	}
}

// TestExample checks the bytes in the package comment.
func TestExample(t *testing.T) {
	income := []Group{{Values: []string{"female"}, Count: 205, With: 200, Amount: amount(t, "10250.50")}}
	s := Share{
		Roster: 1, Hash: make([]byte, 32), Own: income, AsOf: number(30), Groups: income, Answered: 1,
		Missing: []Missing{{name(t, "x.a"), Why{State: NotOffered, By: name(t, "x.a"), Code: 20}}},
		Shares:  []Listed{{Child: name(t, "x.a"), Hash: make([]byte, 32), Outcome: Declined}},
	}
	data, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	text := func(s string) string { return hex.EncodeToString(append([]byte{0x60 + byte(len(s))}, s...)) }
	group := "81" + "86" + "81" + text("female") + "18cd" + "f4" + "18c8" + text("10250.5") + "f4"
	want := "a8" + "0101" + "025820" + strings.Repeat("00", 32) + "03" + group + "04181e" + "05" + group + "0601" +
		"0781" + "86" + text("x.a") + "03" + text("x.a") + "14" + "80" + "00" + "0881" + "83" + text("x.a") + "5820" + strings.Repeat("00", 32) + "02"
	if got := hex.EncodeToString(data); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	back, err := Decode(data)
	if err != nil || back.Total() != 205 || *back.AsOf != 30 || !slices.EqualFunc(back.Groups, income, sameGroup) || !slices.EqualFunc(back.Missing, s.Missing, sameMissing) {
		t.Errorf("got %+v, %v", back, err)
	}
}

// TestStrict checks that bytes without the form of a share are refused.
func TestStrict(t *testing.T) {
	good := Share{Roster: 1, Hash: make([]byte, 32)}
	missing := Missing{Name: name(t, "a.p"), Why: Why{State: Late, By: name(t, "p")}}
	for what, edit := range map[string]func(*Share){
		"a short hash":        func(s *Share) { s.Hash = s.Hash[:31] },
		"too many groups":     func(s *Share) { s.Groups = make([]Group, maxAll+1) },
		"a group of nil":      func(s *Share) { s.Groups = []Group{{}} },
		"a group of too many": func(s *Share) { s.Groups = []Group{{Values: make([]string, MaxBy+1)}} },
		"more values than records": func(s *Share) {
			s.Groups = []Group{{Values: []string{}, Count: 1, With: 2, Amount: amount(t, "1")}}
		},
		"values without an amount":       func(s *Share) { s.Groups = []Group{{Values: []string{}, Count: 1, With: 1}} },
		"an amount without values":       func(s *Share) { s.Groups = []Group{{Values: []string{}, Count: 1, Amount: amount(t, "1")}} },
		"an own amount without a record": func(s *Share) { s.Own = []Group{{Values: []string{}, Amount: amount(t, "1")}} },
		"an own group of nil":            func(s *Share) { s.Own = []Group{{}} },
		"a long value":                   func(s *Share) { s.Groups = []Group{{Values: []string{strings.Repeat("v", maxText+1)}}} },
		"too many answered":              func(s *Share) { s.Answered = MaxMembers + 1 },
		"answered and missing":           func(s *Share) { m := missing; m.State = Answered; s.Missing = []Missing{m} },
		"of no state":                    func(s *Share) { m := missing; m.State = 7; s.Missing = []Missing{m} },
		"by nobody":                      func(s *Share) { m := missing; m.By = identity.Jurisdiction{}; s.Missing = []Missing{m} },
		"of nobody":                      func(s *Share) { m := missing; m.Name = identity.Jurisdiction{}; s.Missing = []Missing{m} },
		"too many values":                func(s *Share) { m := missing; m.Args = make([]string, maxArgs+1); s.Missing = []Missing{m} },
		"too long a value": func(s *Share) {
			m := missing
			m.Args = []string{strings.Repeat("v", maxArg+1)}
			s.Missing = []Missing{m}
		},
		"a share of nobody":     func(s *Share) { s.Shares = []Listed{{Hash: make([]byte, 32)}} },
		"a share of no outcome": func(s *Share) { s.Shares = []Listed{{Child: name(t, "a.p"), Hash: make([]byte, 32)}} },
		"a share of another outcome": func(s *Share) {
			s.Shares = []Listed{{Child: name(t, "a.p"), Hash: make([]byte, 32), Outcome: Rejected + 1}}
		},
		"too many beside":       func(s *Share) { s.Extra = make([]Extra, MaxExtra+1) },
		"nobody beside":         func(s *Share) { s.Extra = []Extra{{Records: all(1)[0]}} },
		"nothing of beside":     func(s *Share) { s.Extra = []Extra{{Name: name(t, "a.p")}} },
		"a share of short hash": func(s *Share) { s.Shares = []Listed{{Child: name(t, "a.p"), Hash: make([]byte, 31)}} },
	} {
		s := good
		edit(&s)
		if _, err := s.Encode(); !errors.Is(err, ErrForm) {
			t.Errorf("%s: got %v, want ErrForm", what, err)
		}
	}
	data, err := good.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		if _, err := Decode(data[:i]); !errors.Is(err, ErrForm) {
			t.Errorf("the first %d bytes: got %v", i, err)
		}
	}
	if _, err := Decode(append(data, 0)); !errors.Is(err, ErrForm) {
		t.Errorf("a byte more: got %v", err)
	}
}

// TestWhoSignsHasJoined: a jurisdiction that signs that it has not joined refuses.
func TestWhoSignsHasJoined(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "x.a.p", "y.a.p")
	q := Question{Selector: Selector{Below: name(t, "p"), Deep: true}, Measure: Measure{Function: Count}}
	absent := func(by string) *Why { return &Why{State: NotJoined, By: name(t, by), Code: 355} }
	for _, declined := range []bool{true, false} {
		c := Child{Name: name(t, "a.p"), Why: absent("p")}
		want := NotJoined
		if declined {
			c.Answer, c.Why, want = []byte("signed"), absent("a.p"), Refused
		}
		s, err := Merge(q, r, name(t, "p"), nil, []Child{c})
		if err != nil || len(s.Missing) != 3 || s.Missing[0].State != want || s.Missing[2].State != want {
			t.Errorf("signed by it, %t: got %+v, %v", declined, s.Missing, err)
		}
	}
	q.Below = name(t, "a.p")
	s, err := Merge(q, r, name(t, "x.a.p"), &Own{Why: absent("x.a.p")}, nil)
	if err != nil || len(s.Missing) != 1 || s.Missing[0].State != Refused {
		t.Errorf("of itself: got %+v, %v", s.Missing, err)
	}
}

// TestAccount accounts for members that were asked one by one.
func TestAccount(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "x.a.p", "y.a.p", "b.p", "z.b.p")
	q := Question{Selector: Selector{Below: name(t, "p"), Deep: true, Level: "county"}}
	c := Account(q, r, map[identity.Jurisdiction]Why{
		name(t, "y.a.p"): {State: NotJoined, By: name(t, "a.p")}, name(t, "b.p"): {State: Late, By: name(t, "p")},
	})
	if c.Members != 3 || c.In[Answered] != 2 || c.In[NotJoined] != 1 || len(c.Missing) != 1 || c.Missing[0].Name != name(t, "y.a.p") {
		t.Errorf("got %+v", c)
	}
	sum := uint64(0)
	for _, s := range States() {
		sum += c.In[s]
	}
	if sum != c.Members || len(States()) != 6 {
		t.Errorf("the six states add up to %d of %d", sum, c.Members)
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []Share{
		{Roster: 1, Hash: make([]byte, 32)},
		{Roster: 1, Hash: make([]byte, 32), Own: all(205), AsOf: number(30), Groups: all(205), Answered: 1},
		{Roster: 1, Hash: make([]byte, 32), Groups: []Group{{Values: []string{"一"}, Count: 9, With: 8, Amount: amount(f, "-0.5")}}},
	} {
		data, err := s.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Decode(data)
		if err != nil {
			return
		}
		again, err := s.Encode()
		if err != nil || string(again) != string(data) {
			t.Errorf("decoded and encoded again: %x, %v", again, err)
		}
	})
}

// nines is the longest number.
var nines = strings.Repeat("9", 38)
