package sharing

import (
	"slices"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/node/ground/book"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

// stand gives endless grants as an adoption does.
func (r *room) stand(t *testing.T, m policy.Measures, purposes ...identity.Label) error {
	t.Helper()
	s, err := Stand(r, province, villages, purposes, m)
	if err == nil {
		_, err = commandStand.Do(t.Context(), r, book.Request{}, s)
	}
	return err
}

// above returns a request of the province to measure all records.
func above(m gather.Measure) Request {
	q := request(province)
	q.Offer.Category, q.Offer.Counts, q.Offer.Measures = policy.Conditional, []string{"statistics"}, policy.Measures{"income": {"sum", "average"}}
	q.Measure, q.Whole, q.Fields = m, true, m.Fields()
	return q
}

var count = gather.Measure{Function: gather.Count}

// TestEndless checks that agencies of the jurisdictions above may measure all records under a
// endless grant, that their uses are counted, and that each entry keeps its consumer.
func TestEndless(t *testing.T) {
	r := open(t)
	if err := r.stand(t, policy.Measures{"income": {"sum"}}, statistics, label("residence-check")); err != nil {
		t.Fatal(err)
	}
	if got := len(r.grants(t)); got != 2 {
		t.Fatalf("got %d grants, want one for each purpose", got)
	}
	city := above(count)
	city.Consumer = agency("guiyang.guizhou", "water")
	for what, q := range map[string]Request{"the province": above(count), "the city": city, "a sum": above(sumIncome)} {
		p := r.permitted(t, q)
		if p.Grant != ledger.RefTo(0) || p.Now {
			t.Errorf("%s: got the grant %d", what, p.Grant)
		}
		entry := mustRecord(t, r, p)
		r.reading(t, func(reader *state.Reader) {
			if got, ok, err := ConsumerOf(reader, entry.Index()); err != nil || !ok || got != q.Consumer {
				t.Errorf("%s: got a use of %s, %t, %v", what, got, ok, err)
			}
		})
	}
	if all := r.grants(t); all[0].Uses != 3 || all[1].Uses != 0 {
		t.Errorf("got %d and %d uses, want 3 and 0", all[0].Uses, all[1].Uses)
	}
}

// TestEndlessCoversNoMore checks that a use needs another grant if the endless grant does not
// cover it.
func TestEndlessCoversNoMore(t *testing.T) {
	r := open(t)
	if err := r.stand(t, policy.Measures{"income": {"sum"}}, statistics); err != nil {
		t.Fatal(err)
	}
	for what, edit := range map[string]func(*Request){
		"records":              func(q *Request) { q.Measure = gather.Measure{} },
		"some of them":         func(q *Request) { q.Whole = false },
		"by a sibling":         func(q *Request) { q.Consumer = neighbour },
		"by one here":          func(q *Request) { q.Consumer, q.Evidence = water, nil },
		"another purpose":      func(q *Request) { q.Purpose = "residence-check" },
		"an average":           func(q *Request) { q.Measure = gather.Measure{Function: gather.Average, Field: "income"} },
		"by a field":           func(q *Request) { q.Measure.By, q.Fields = []gather.By{{Field: "name"}}, []string{"name"} },
		"named no more":        func(q *Request) { q.Offer.Counts = nil },
		"by one in its stead":  func(q *Request) { q.Consumer = agency("sichuan", "statistics") },
		"records, for the sum": func(q *Request) { q.Measure, q.Fields = gather.Measure{}, []string{"income"} },
	} {
		q := above(count)
		edit(&q)
		want := text.GrantNeeded
		if what == "some of them" || what == "by a field" { // only that makes it need one
			want = text.MeasureNeedsGrant
		}
		r.refused(t, what, want, func() error {
			_, _, err := r.decide(t, q)
			return err
		})
		q.Offer.Category = policy.Unconditional
		if _, apply, err := r.decide(t, q); err != nil || !apply {
			t.Errorf("%s, of unconditional data: got %t, %v, want an application", what, apply, err)
		}
	}
	p := r.permitted(t, above(count))
	p.request.Consumer = neighbour
	r.refused(t, "a sibling with the permit of the province", text.PolicyMoved, func() error {
		_, err := r.record(t, p)
		return err
	})
}

// TestEndlessRevoked checks that a revocation ends an endless grant like any other, also between a
// decision and its record. None of those above then gets a grant by rule in its place; others do.
func TestEndlessRevoked(t *testing.T) {
	r := open(t)
	if err := r.stand(t, nil, statistics); err != nil {
		t.Fatal(err)
	}
	p := r.permitted(t, above(count))
	r.revoke(t, p)
	r.refused(t, "decided before", text.EndlessRevoked, func() error {
		_, err := r.record(t, p)
		return err
	})
	r.refused(t, "with conditions", text.EndlessRevoked, func() error {
		_, _, err := r.decide(t, above(count))
		return err
	})
	q := above(count)
	q.Offer.Category = policy.Unconditional
	r.refused(t, "a grant of its own", text.NoGrantByRule, func() error {
		_, err := PermitUse(t.Context(), r, q)
		return err
	})
	q = request(neighbour)
	if own := r.permitted(t, q); !own.Now || own.Grant == p.Grant {
		t.Errorf("got the grant %d, want one of its own", own.Grant)
	}
}

// TestEndlessAllowed follows what the refusal of a count says (G57): the provider allows it again.
// What was revoked is named as revoked until then, and the allowance is the grant that counts after
// it. A second allowance changes nothing.
func TestEndlessAllowed(t *testing.T) {
	r := open(t)
	if err := r.stand(t, nil, statistics); err != nil {
		t.Fatal(err)
	}
	p, conditional := r.permitted(t, above(count)), above(count)
	conditional.Offer.Category = policy.Conditional
	refused := func(what string) {
		t.Helper()
		args := r.refused(t, what, text.EndlessRevoked, func() error { _, _, err := r.decide(t, conditional); return err })
		if args["index"] != "0" || args["provider"] != "civil-affairs" {
			t.Errorf("%s: got %v", what, args)
		}
	}
	for n := range uint64(2) {
		index, _ := p.Grant.Index()
		r.revoke(t, p)
		if n == 0 {
			refused("revoked")
		}
		r.refused(t, "renewed", text.EndlessRevoked, func() error {
			return r.looked(t, Order{Renew: &index, Terms: Terms{Until: "2029-01-01T00:00:00Z", Ground: Ground{"b", "p"}}})
		})
		done, err := Allow(t.Context(), r, newID(), actor(civil), index, "again")
		if err != nil || !done.Endless || done.Entry.IsZero() {
			t.Fatalf("allowed: got %+v, %v", done, err)
		}
		if p = r.permitted(t, conditional); p.Grant != ledger.RefTo(done.Entry.Index()) {
			t.Errorf("got the grant %d, want that of %s", p.Grant, done.Entry)
		}
		mustRecord(t, r, p)
		entries := r.size(t)
		if done, err = Allow(t.Context(), r, newID(), actor(civil), index, "again"); err != nil || !done.Entry.IsZero() || r.size(t) != entries {
			t.Errorf("allowed twice: got %+v, %v, %d entries more", done, err, r.size(t)-entries)
		}
	}
	r.revoke(t, p)
	last, _ := p.Grant.Index()
	done, err := Allow(t.Context(), r, newID(), actor(civil), 0, "again")
	if err != nil || !done.Entry.IsZero() || !slices.Equal(done.barring(), []uint64{last}) {
		t.Errorf("one before the last is allowed: got %+v, %v, want that the grant %d bars", done, err, last)
	}
}

// looked looks at an order of the provider.
func (r *room) looked(t *testing.T, q Order) error {
	return r.View(t.Context(), func(reader *state.Reader) error {
		_, err := Look(reader, r, newID(), actor(civil), offers{above(count).Offer}, q)
		return err
	})
}

// TestStandAgain checks that an endless grant is given once. It is given again only with other
// measures, or after it was revoked. Its head names the one that it follows; one that was revoked
// is not followed.
func TestStandAgain(t *testing.T) {
	r := open(t)
	if err := r.stand(t, policy.Measures{}, label("residence-check")); err != nil { // so that none is entry 0
		t.Fatal(err)
	}
	sum, both := policy.Measures{"income": {"sum"}}, policy.Measures{"income": {"sum", "average"}}
	for n, row := range []struct {
		measures policy.Measures
		want     int // grants
	}{{sum, 2}, {sum, 2}, {both, 3}, {both, 3}, {sum, 4}} {
		if err := r.stand(t, row.measures, statistics); err != nil {
			t.Fatal(err)
		}
		if got := len(r.grants(t)); got != row.want {
			t.Errorf("time %d: got %d grants, want %d", n+1, got, row.want)
		}
	}
	all := r.grants(t)
	r.revoke(t, Permit{Grant: ledger.RefTo(all[3].Index)})
	if err := r.stand(t, sum, statistics); err != nil || len(r.grants(t)) != 5 {
		t.Errorf("after it was revoked: got %d grants, %v, want 5", len(r.grants(t)), err)
	}
	follows := []ledger.Ref{ledger.None, ledger.None, ledger.RefTo(all[1].Index), ledger.RefTo(all[2].Index), ledger.None}
	for i, g := range r.grants(t) {
		if got := Followed(r.Heads(t, g.Index)[0]); got != follows[i] {
			t.Errorf("grant %d follows %d, want %d", i, got, follows[i])
		}
	}
	s, err := Stand(r, province, villages, []identity.Label{statistics}, sum)
	if err != nil {
		t.Fatal(err)
	}
	s.Grants = nil
	r.refused(t, "a purpose without its grant", text.DatasetMoved, func() error {
		s.Grants = append(s.Grants[:0:0], must(r.Note(jsonType, []byte("{}"))), must(r.Note(jsonType, []byte("{}"))))
		_, err := commandStand.Do(t.Context(), r, book.Request{}, s)
		return err
	})
}
