package gather

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestLeftOut makes one change to what was left out (ix).
func TestLeftOut(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "b.p", "c.p")
	q := Question{Selector: Selector{Below: name(t, "p"), Deep: true}, Measure: Measure{Function: Count}}
	for what, row := range map[string]change{
		"as it is":           {func(*Share) {}, ""},
		"all that there are": {func(s *Share) { s.LeftOut[0].Incomparable = 39 }, ""},
		"of one more":        {func(s *Share) { s.LeftOut[0].Incomparable = 40 }, "a.p left out"},
		"more than any sum":  {func(s *Share) { s.LeftOut[0].Incomparable = 1<<64 - 1 }, "a.p left out"},
		"nothing":            {func(s *Share) { s.LeftOut[0].Incomparable, s.LeftOut[0].Unreadable = 0, 0 }, "a.p left out"},
		"of too many":        {func(s *Share) { s.LeftOut[0].Of = maxRecords + 1 }, "a.p left out"},
		"of who is missing":  {func(s *Share) { s.LeftOut[0].Name = name(t, "b.p") }, "b.p left out"},
		"of who asks":        {func(s *Share) { s.LeftOut[0].Name = name(t, "p") }, "p left out"},
		"of nobody":          {func(s *Share) { s.LeftOut[0].Name = name(t, "q") }, "q left out"},
		"twice":              {func(s *Share) { s.LeftOut = append(s.LeftOut[:1:1], s.LeftOut...) }, "a.p left out"},
		"out of order":       {func(s *Share) { slices.Reverse(s.LeftOut) }, "c.p left out"},
		"of one not told":    {func(s *Share) { s.Extra = nil }, "n.a.p left out"},
	} {
		s := Share{
			Roster: 1, Hash: r.Hash[:], Groups: all(1), Answered: 2, Missing: []Missing{missing(t, "b.p", "p")},
			Shares: []Listed{added(t, "a.p"), added(t, "c.p")}, Extra: []Extra{beside(t, "n.a.p", 100)},
			LeftOut: []LeftOut{
				{Name: name(t, "a.p"), Incomparable: 5, Unreadable: 1, Of: 40}, {Name: name(t, "c.p"), Unreadable: 1, Of: 1},
				{Name: name(t, "n.a.p"), Incomparable: 1, Of: 101},
			},
		}
		row.edit(&s)
		err := s.Check(q, r, name(t, "p"))
		if row.want == "" && err != nil || row.want != "" && (!errors.Is(err, ErrSum) || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: got %v, want %q", what, err, row.want)
		}
		if row.want != "" {
			continue
		}
		data, err := s.Encode()
		back, err2 := Decode(data)
		if errors.Join(err, err2) != nil || !slices.Equal(back.LeftOut, s.LeftOut) {
			t.Errorf("%s: came back as %v, %v", what, back.LeftOut, errors.Join(err, err2))
		}
	}
}

// TestOwnLeftOut: a jurisdiction that says of itself what cannot be signs no share.
func TestOwnLeftOut(t *testing.T) {
	r := rosterOf(t, "p", "a.p")
	q := Question{Selector: Selector{Below: name(t, "p"), Deep: true}, Measure: Measure{Function: Count}}
	own := Own{Groups: all(3), LeftOut: LeftOut{Incomparable: 2, Of: 5}}
	s, err := Merge(q, r, name(t, "a.p"), &own, nil)
	if want := (LeftOut{Name: name(t, "a.p"), Incomparable: 2, Of: 5}); err != nil || len(s.LeftOut) != 1 || s.LeftOut[0] != want {
		t.Errorf("got %v, %v, want %v", s.LeftOut, err, want)
	}
	own.LeftOut.Of = 1
	if s, err := Merge(q, r, name(t, "a.p"), &own, nil); !errors.Is(err, ErrSum) {
		t.Errorf("got %v, %v, want %v", s.LeftOut, err, ErrSum)
	}
}
