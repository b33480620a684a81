package calls

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/records"
	"xietong/node/text"
)

// wide asks the city and everybody below it for the number of villages.
func wide() Wide {
	return Wide{
		Question: gather.Question{Selector: gather.Selector{Below: guiyang, Deep: true}}, Dataset: villages, Purpose: purpose,
		Application: applied, Audit: true,
	}
}

// TestGather asks from both ends, and holds what is recorded and kept.
func TestGather(t *testing.T) {
	w := newWorld(t)
	for _, p := range []*place{w.city, w.county} {
		got, err := p.desk.Gather(t.Context(), newID(), water, wide())
		if err != nil || got.Answered != 1 || got.Total() != 1 || got.Asked.Log() != p.Log() || len(got.Audit.Hops) != 1 || len(got.Audit.Lies) != 0 {
			t.Fatalf("%s: got %+v, %v", p.name, got, err)
		}
	}
	id := newID()
	if _, err := w.county.desk.Gather(t.Context(), id, water, wide()); err != nil {
		t.Fatal(err)
	}
	_, err := w.county.desk.Gather(t.Context(), id, water, wide())
	if _, seen := errors.AsType[*SeenError](err); !seen {
		t.Errorf("under an id that was used: got %v", err)
	}
}

// TestLyingHop: what a hop does to its sum is found by who asked, named, and proven by what the hop signed.
func TestLyingHop(t *testing.T) {
	for what, row := range map[string]struct {
		lie  func(*gather.Share)
		kind gather.Kind // "": the answer is not taken at all
	}{
		"drops the county":         {func(s *gather.Share) { s.Groups = nil }, gather.Dropped},
		"doubles the county":       {func(s *gather.Share) { s.Groups[0].Count *= 2 }, gather.Doubled},
		"invents a total":          {func(s *gather.Share) { s.Groups[0].Count += 1000 }, gather.Invented},
		"shows another answer":     {func(s *gather.Share) { s.Shares[0].Hash = make([]byte, 32) }, gather.Withheld},
		"counts one more":          {func(s *gather.Share) { s.Answered++ }, ""},
		"counts one less":          {func(s *gather.Share) { s.Answered-- }, ""},
		"tells of another's place": {func(s *gather.Share) { s.Extra = []identity.Jurisdiction{guiyang} }, ""},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			w.city.lie = row.lie
			got, err := w.county.desk.Gather(t.Context(), newID(), water, wide())
			if row.kind == "" {
				if f := Failure(err); f.Code != text.ShareRefused || f.Args["jurisdiction"] != guiyang.String() {
					t.Errorf("got %v, want that the answer is refused", err)
				}
				return
			}
			if err != nil || len(got.Audit.Lies) != 1 || got.Audit.Lies[0].By != guiyang || got.Audit.Lies[0].Kind != row.kind {
				t.Errorf("got %+v, %v, want %s by %s", got.Audit, err, row.kind, guiyang)
			}
		})
	}
}

// TestSharesAreTheAskers: what children answered is shown to whoever asked, and to nobody else.
func TestSharesAreTheAskers(t *testing.T) {
	w := newWorld(t)
	got, err := w.county.desk.Gather(t.Context(), newID(), water, wide())
	if err != nil {
		t.Fatal(err)
	}
	kept, yunyan := keptRequest(t, w.city), must(identity.ParseJurisdiction("yunyan.guiyang.guizhou"))
	for what, row := range map[string]struct {
		origin identity.Jurisdiction
		hash   []byte
		want   int
	}{
		"the asker":                {nanming, kept, 1},
		"somebody else":            {yunyan, kept, 0},
		"the asker, of no request": {nanming, got.Shares[0].Hash, 0},
	} {
		r := received(opShares, encode(sharesParameters{Request: row.hash}))
		r.Header.Origin = row.origin
		if n := shown(t, w.city, r); n != row.want {
			t.Errorf("%s: %d answers are shown, want %d", what, n, row.want)
		}
	}
}

func shown(t *testing.T, p *place, r relay.Received) int {
	t.Helper()
	result, err := p.desk.serveShares(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	var page sharesResult
	decoded(t, result.Content, &page)
	return len(page.Shares)
}

// TestDerivedIDs: one question to many has an id for each, the same each time.
func TestDerivedIDs(t *testing.T) {
	id := newID()
	seen := []identity.Message{id}
	for _, of := range []identity.Jurisdiction{guiyang, nanming} {
		one, two := must(derived(id, of)), must(derived(id, of))
		if one != two || slices.Contains(seen, one) || one.Time() != id.Time() {
			t.Errorf("%s: got %s and %s of %s", of, one, two, id)
		}
		seen = append(seen, one)
	}
}

// TestRows asks oneself and the other for records.
func TestRows(t *testing.T) {
	w := newWorld(t)
	var from []identity.Jurisdiction
	s := gather.Selector{Below: guiyang, Deep: true}
	c, err := w.county.desk.Rows(t.Context(), newID(), water, s, records.Question{Dataset: villages, Purpose: purpose, Application: applied}, 0, func(r RowsFrom) error {
		from = append(from, r.Member)
		return nil
	})
	if err != nil || c.In[gather.Answered] != 1 || !slices.Equal(from, []identity.Jurisdiction{nanming}) {
		t.Errorf("got %v, %+v, %v", from, c, err)
	}
	_, err = w.county.desk.Rows(t.Context(), newID(), water, gather.Selector{Below: nanming}, records.Question{Dataset: villages}, 0, nil)
	if f := Failure(err); f.Code != text.SelectorUnknown {
		t.Errorf("of nobody: got %v", err)
	}
}

// keptRequest returns the hash of the request of which the place keeps answers.
func keptRequest(t *testing.T, p *place) (hash []byte) {
	t.Helper()
	err := p.View(t.Context(), func(r *state.Reader) error {
		r.Scan(bucketShares, nil, nil, func(k, _ []byte) bool {
			hash = bytes.Clone(k[:32])
			return true
		})
		return nil
	})
	if err != nil || hash == nil {
		t.Fatalf("nothing is kept: %v", err)
	}
	return hash
}

func decoded(t *testing.T, data []byte, v any) {
	t.Helper()
	if err := canon.Unmarshal(data, maxResult, v); err != nil {
		t.Fatal(err)
	}
}
