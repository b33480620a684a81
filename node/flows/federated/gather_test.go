package federated_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/business/usage"
	"xietong/node/flows/calls"
	"xietong/node/flows/callstest"
	"xietong/node/flows/federated"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

// wide asks everybody below the city for the number of villages.
func wide() federated.Wide {
	return federated.Wide{
		Selector: gather.Selector{Below: guiyang, Deep: true}, Audit: true,
		Question: records.Question{
			Dataset: villages, Purpose: purpose, Application: applied, Measure: gather.Measure{Function: gather.Count},
		},
	}
}

// wideNow is wide with an application that does not end within the bubble of a test.
func wideNow() federated.Wide {
	q := wide()
	q.Application.Until = time.Now().AddDate(1, 0, 0).Format(time.RFC3339)
	return q
}

// TestGather asks from both ends, and checks what is recorded and kept.
func TestGather(t *testing.T) {
	w := newWorld(t)
	for _, p := range []*place{w.City, w.County} {
		got, err := p.Federated.Gather(t.Context(), newID(), by(water), wide())
		if err != nil || got.Answered != 1 || got.Total() != 1 || got.Asked.Log() != p.Log() || len(got.Audit.Hops) != 1 || len(got.Audit.Lies) != 0 {
			t.Fatalf("%s: got %+v, %v", p.Name(), got, err)
		}
	}
	id := newID()
	if _, err := w.County.Federated.Gather(t.Context(), id, by(water), wide()); err != nil {
		t.Fatal(err)
	}
	_, err := w.County.Federated.Gather(t.Context(), id, by(water), wide())
	if _, seen := errors.AsType[*calls.SeenError](err); !seen {
		t.Errorf("under an id that was used: got %v", err)
	}
}

// TestLyingHop: a change that a hop makes to its sum is found by the asker, named, and proven by
// the hop's signature; a share that contradicts itself is refused.
func TestLyingHop(t *testing.T) {
	for what, row := range map[string]struct {
		lie  func(*gather.Share)
		kind gather.Kind // "": the answer is not taken at all
	}{
		"drops the county":         {func(s *gather.Share) { s.Groups = nil }, gather.Dropped},
		"lists nobody":             {func(s *gather.Share) { s.Shares = nil }, ""},
		"counts by another roster": {func(s *gather.Share) { s.Roster, s.Hash = 99, make([]byte, 32) }, ""},
		"doubles the county":       {func(s *gather.Share) { s.Groups[0].Count *= 2 }, gather.Doubled},
		"invents a total":          {func(s *gather.Share) { s.Groups[0].Count += 1000 }, gather.Invented},
		"shows another answer":     {func(s *gather.Share) { s.Shares[0].Hash = make([]byte, 32) }, gather.Withheld},
		"counts one more":          {func(s *gather.Share) { s.Answered++ }, ""},
		"counts one less":          {func(s *gather.Share) { s.Answered-- }, ""},
		"tells of another's place": {func(s *gather.Share) { s.Extra = []gather.Extra{{Name: guiyang, Records: s.Groups[0]}} }, ""},
	} {
		t.Run(what, func(t *testing.T) {
			w := lying(t, row.lie)
			got, err := w.County.Federated.Gather(t.Context(), newID(), by(water), wide())
			if row.kind == "" {
				if f := failure.Of(err); f.Code != text.ShareRefused || f.Args["jurisdiction"] != guiyang.String() {
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

// sharesOf and shares are the parameters and the result of the operation "shares".
type sharesOf struct {
	Request []byte         `cbor:"1,keyasint"`
	After   identity.Label `cbor:"2,keyasint,omitzero"`
}

type shares struct {
	Shares [][]any        `cbor:"1,keyasint,omitempty"`
	After  identity.Label `cbor:"2,keyasint,omitzero"`
}

const operationShares operation.Operation[sharesOf, shares] = "shares"

// TestSharesAreTheAskers: the answers of the children are shown to the asker alone.
func TestSharesAreTheAskers(t *testing.T) {
	w := callstest.New(t, callstest.Options{Counties: []identity.Jurisdiction{nanming, callstest.Yunyan}})
	got, err := w.County.Federated.Gather(t.Context(), newID(), by(water), wide())
	if err != nil {
		t.Fatal(err)
	}
	kept := keptRequest(t, w.City)
	for what, row := range map[string]struct {
		origin identity.Jurisdiction
		hash   []byte
		want   int
	}{
		"the asker":                {nanming, kept, 2},
		"somebody else":            {callstest.Yunyan, kept, 0},
		"the asker, of no request": {nanming, got.Shares[0].Hash, 0},
	} {
		asking := operation.Asking{ID: newID(), To: guiyang, By: by(water)}
		page, err := operationShares.Read(t.Context(), w.At(row.origin).Engine, asking, sharesOf{Request: row.hash})
		if err != nil || len(page.Shares) != row.want {
			t.Errorf("%s: got %d answers, %v, want %d", what, len(page.Shares), err, row.want)
		}
	}
	for _, hash := range [][]byte{{}, kept[:31], append(kept, 0)} {
		asking := operation.Asking{ID: newID(), To: guiyang, By: by(water)}
		_, err := operationShares.Read(t.Context(), w.County.Engine, asking, sharesOf{Request: hash})
		refused(t, "a hash of other length", err, text.BadRequest)
	}
}

// keptRequest returns the hash of the request of which the place keeps answers.
func keptRequest(t *testing.T, p *place) (hash []byte) {
	t.Helper()
	err := p.View(t.Context(), func(r *state.Reader) error {
		r.Scan("shares", nil, nil, func(k, _ []byte) bool {
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

// TestMalformedCalls: a malformed federated request is refused by its destination, and nothing is
// recorded or kept.
func TestMalformedCalls(t *testing.T) {
	w := newWorld(t)
	before := w.City.Size(t)
	question := wide().Question
	lookup := callstest.Lookup()
	cursor, fields := question, question
	cursor.Cursor, fields.Fields = "AAAA", []string{"name"}
	for what, parameters := range map[string][]byte{
		"nothing":          {},
		"no question":      must(canon.Marshal(map[int]any{1: true})),
		"another form":     must(canon.Marshal(question)),
		"for one record":   must(canon.Marshal(map[int]any{3: lookup, 5: 1, 6: make([]byte, 32)})),
		"from a cursor on": must(canon.Marshal(map[int]any{3: cursor, 5: 1, 6: make([]byte, 32)})),
		"for some fields":  must(canon.Marshal(map[int]any{3: fields, 5: 1, 6: make([]byte, 32)})),
		"more than asked":  must(canon.Marshal(map[int]any{3: question, 5: 1, 6: make([]byte, 32), 7: "x"})),
		"no roster":        must(canon.Marshal(map[int]any{3: question})),
		"a short hash":     must(canon.Marshal(map[int]any{3: question, 5: 1, 6: make([]byte, 31)})),
		"groups of one":    must(canon.Marshal(map[int]any{3: question, 4: 7, 5: 1, 6: make([]byte, 32)})),
		"a choice of no":   must(canon.Marshal(map[int]any{1: false, 3: question, 5: 1, 6: make([]byte, 32)})),
	} {
		_, err := w.County.Asker().Federate(t.Context(), newID(), guiyang, envelope.Call{
			Operation: callstest.Label("gather"), Agency: water, Purpose: callstest.Label(purpose), Parameters: parameters,
		})
		if f := refused(t, what, err, text.BadRequest); f.Args["where"] != "parameters" {
			t.Errorf("%s: got %v", what, f.Args)
		}
	}
	good := must(canon.Marshal(map[int]any{3: question, 5: 1, 6: make([]byte, 32)}))
	_, err := w.County.Asker().Federate(t.Context(), newID(), guiyang, envelope.Call{
		Operation: callstest.Label("gather"), Parameters: good,
	})
	refused(t, "for nobody", err, text.AgencyNeeded)
	_, err = w.County.Asker().Ask(t.Context(), newID(), guiyang, envelope.Call{
		Operation: callstest.Label("gather"), Agency: water, Parameters: good,
	})
	refused(t, "as a request to one", err, text.UnknownOperation)
	if after := w.City.Size(t); after != before {
		t.Errorf("%d entries were made", after-before)
	}
	_, err = w.County.Asker().Federate(t.Context(), newID(), guiyang, envelope.Call{
		Operation: callstest.Label("gather"), Agency: water, Purpose: callstest.Label(purpose), Parameters: good,
	})
	if err != nil {
		t.Errorf("what these are spoiled from: got %v", err)
	}
}

// TestDerivedIDs: one question to many has an id for each, the same each time.
func TestDerivedIDs(t *testing.T) {
	id := newID()
	seen := []identity.Message{id}
	for _, of := range []identity.Jurisdiction{guiyang, nanming} {
		one, two := must(federated.Derived(id, of)), must(federated.Derived(id, of))
		if one != two || slices.Contains(seen, one) || one.Time() != id.Time() {
			t.Errorf("%s: got %s and %s of %s", of, one, two, id)
		}
		seen = append(seen, one)
	}
}

// TestRows asks everybody below the city for records: that is the asking county alone.
func TestRows(t *testing.T) {
	w := newWorld(t)
	var from []identity.Jurisdiction
	s := gather.Selector{Below: guiyang, Deep: true}
	q := records.Question{Dataset: villages, Purpose: purpose, Application: applied}
	c, err := w.County.Federated.Rows(t.Context(), newID(), by(water), s, q, 0, func(r federated.RowsFrom) error {
		from = append(from, r.Member)
		return nil
	})
	if err != nil || c.In[gather.Answered] != 1 || !slices.Equal(from, []identity.Jurisdiction{nanming}) {
		t.Errorf("got %v, %+v, %v", from, c, err)
	}
	_, err = w.County.Federated.Rows(t.Context(), newID(), by(water), gather.Selector{Below: nanming}, records.Question{Dataset: villages}, 0, nil)
	if f := failure.Of(err); f.Code != text.SelectorUnknown {
		t.Errorf("of nobody: got %v", err)
	}
}

// TestGatheredIsListed: the asker lists a question to many with the number of records that it
// measured.
func TestGatheredIsListed(t *testing.T) {
	w := callstest.New(t, callstest.Options{Counties: []identity.Jurisdiction{nanming, callstest.Yunyan}})
	got, err := w.County.Federated.Gather(t.Context(), newID(), by(water), wide())
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := usage.NewDesk(w.County, catalog.Providers).Asked(t.Context(), by(water), usage.AskedFilter{At: guiyang}, usage.Page{})
	if err != nil || len(rows) != 1 || rows[0].Operation != "gather" || rows[0].Records != got.Total() || got.Total() == 0 || rows[0].Entry != got.Asked {
		t.Errorf("got %+v, %v, want the %d records of %s", rows, err, got.Total(), got.Asked)
	}
}
