package sharing

import (
	"fmt"
	"slices"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/text"
)

// asks returns a request of an agency for a purpose.
func asks(consumer identity.Agency, purpose string) Request {
	q := request(consumer)
	q.Purpose = purpose
	return q
}

// indexOf returns the index of the grant of a permit.
func indexOf(p Permit) uint64 {
	index, _ := p.Grant.Index()
	return index
}

// allows allows what the revocation of a grant bars, and returns what was done.
func (r *room) allows(t *testing.T, p Permit) Done {
	t.Helper()
	done, err := Allow(t.Context(), r, newID(), actor(civil), indexOf(p), "again")
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// barring returns the indexes of the grants whose revocations bar still.
func (d Done) barring() (all []uint64) {
	for _, b := range d.Bars {
		all = append(all, b.Grant.Index())
	}
	return all
}

// TestAllowLiftsOne (S19k): of two agencies of a jurisdiction a grant was revoked, of one for
// abuse, of the other by mistake. To take back the mistake leaves the other revocation: in whatever
// order they are allowed, nobody there gets a grant by rule until both are, and whoever allows the
// first one is told of the other.
func TestAllowLiftsOne(t *testing.T) {
	place := neighbour.Jurisdiction().String()
	police, finance := agency(place, "police"), agency(place, "finance")
	for _, mistakeFirst := range []bool{true, false} {
		r := open(t)
		abused, mistaken := r.permitted(t, request(police)), r.permitted(t, request(finance))
		forAbuse := r.revoke(t, abused)
		byMistake := r.revoke(t, mistaken)
		first, second, left, by := mistaken, abused, police, forAbuse
		if !mistakeFirst {
			first, second, left, by = abused, mistaken, finance, byMistake
		}
		done := r.allows(t, first)
		if want := []Bar{{r.Names().Entry(indexOf(second)), by, left, statistics}}; done.Entry.IsZero() || !slices.Equal(done.Bars, want) || done.BarsOf != 1 {
			t.Errorf("the first: got %+v, want that %v bars still", done, want)
		}
		r.refused(t, "whose is left", text.GrantRevoked, func() error { _, err := PermitUse(t.Context(), r, request(left)); return err })
		for what, q := range map[string]Request{
			"another purpose": asks(left, "residence-check"), "another agency": request(agency(place, "water2")),
			"one below": request(agency("a."+place, "water")), "whose is allowed": request(finance),
		} {
			if what == "whose is allowed" && !mistakeFirst {
				q = request(police)
			}
			args := r.refused(t, what, text.NoGrantByRule, func() error { _, err := PermitUse(t.Context(), r, q); return err })
			if args["entry"] != by.String() {
				t.Errorf("%s: it is told %s, want %s", what, args["entry"], by)
			}
		}
		entries := r.size(t)
		if done := r.allows(t, first); !done.Entry.IsZero() || done.BarsOf != 1 || r.size(t) != entries {
			t.Errorf("the first again: got %+v, %d entries more", done, r.size(t)-entries)
		}
		if done := r.allows(t, second); done.Entry.IsZero() || done.BarsOf != 0 || done.Bars != nil {
			t.Errorf("the second: got %+v", done)
		}
		r.permitted(t, request(police))
		r.permitted(t, request(finance))
	}
}

// TestAllowTellsThoseAbove: what bars a jurisdiction are the revocations of those above it, too,
// and for who stands above the provider those of what an adopted standard gave. What bars somebody
// else is not told.
func TestAllowTellsThoseAbove(t *testing.T) {
	r := open(t)
	place := neighbour.Jurisdiction().String()
	if err := r.stand(t, nil, statistics); err != nil {
		t.Fatal(err)
	}
	below, own, elsewhere := r.permitted(t, request(agency("a."+place, "water"))), r.permitted(t, request(neighbour)), r.permitted(t, request(agency("zunyi.guizhou", "water")))
	city, endless := r.permitted(t, request(namesake)), r.permitted(t, above(count))
	for _, p := range []Permit{below, own, elsewhere, city, endless} {
		r.revoke(t, p)
	}
	for _, row := range []struct {
		what    string
		allowed Permit
		want    []uint64
	}{
		{"below", below, []uint64{indexOf(own)}},
		{"beside", own, nil},
		{"above", city, []uint64{indexOf(endless)}},
		{"elsewhere", elsewhere, nil},
	} {
		if got := r.allows(t, row.allowed).barring(); !slices.Equal(got, row.want) {
			t.Errorf("%s: got %d, want %d", row.what, got, row.want)
		}
	}
}

// TestAllowTellsNoMoreThanSome: of many revocations the newest grants are told, and how many there
// are.
func TestAllowTellsNoMoreThanSome(t *testing.T) {
	r := open(t)
	var all []Permit
	for n := range MostBars + 4 {
		all = append(all, r.permitted(t, request(agency(neighbour.Jurisdiction().String(), fmt.Sprintf("one%d", n)))))
	}
	for _, p := range all {
		r.revoke(t, p)
	}
	done := r.allows(t, all[5])
	var want []uint64
	for n := len(all) - 1; len(want) < MostBars; n-- {
		if n != 5 {
			want = append(want, indexOf(all[n]))
		}
	}
	if got := done.barring(); !slices.Equal(got, want) || done.BarsOf != MostBars+3 {
		t.Errorf("got %d, of %d, want %d", got, done.BarsOf, want)
	}
}

// TestAllowSeesARevocation: one that comes between the look and the act is not taken back.
func TestAllowSeesARevocation(t *testing.T) {
	r := open(t)
	p, q := r.permitted(t, request(neighbour)), r.permitted(t, asks(neighbour, "residence-check"))
	r.revoke(t, p)
	r.Before = func(state.Kind) {
		r.Before = nil
		r.revoke(t, q)
	}
	if done := r.allows(t, p); !slices.Equal(done.barring(), []uint64{indexOf(q)}) {
		t.Errorf("revoked meanwhile: got %+v, want that it bars", done)
	}
	r.refused(t, "and it stays revoked", text.GrantRevoked, func() error {
		_, err := PermitUse(t.Context(), r, asks(neighbour, "residence-check"))
		return err
	})
}

// TestEndlessAllowedLiftsOne: of the endless grants of a standard one is given again; the other one
// stays revoked, is told, and keeps those above from grants by rule.
func TestEndlessAllowedLiftsOne(t *testing.T) {
	r := open(t)
	if err := r.stand(t, nil, statistics, must(identity.ParseLabel("residence-check"))); err != nil {
		t.Fatal(err)
	}
	other := above(count)
	other.Purpose, other.Offer.Counts = "residence-check", []string{"statistics", "residence-check"}
	p, q := r.permitted(t, above(count)), r.permitted(t, other)
	r.revoke(t, p)
	by := r.revoke(t, q)
	if done := r.allows(t, p); !done.Endless || !slices.Equal(done.barring(), []uint64{indexOf(q)}) || done.Bars[0].By != by {
		t.Errorf("got %+v, want that the revocation by %s bars still", done, by)
	}
	r.permitted(t, above(count))
	r.refused(t, "the other", text.EndlessRevoked, func() error { _, _, err := r.decide(t, other); return err })
	r.refused(t, "a grant by rule", text.NoGrantByRule, func() error { _, err := PermitUse(t.Context(), r, request(province)); return err })
	if done := r.allows(t, q); !done.Endless || done.BarsOf != 0 {
		t.Errorf("got %+v", done)
	}
	r.permitted(t, other)
	r.permitted(t, request(province))
}

// TestRevokedBefore (N19-7): whoever revokes what is revoked is told so, with the reason that is
// recorded, where that is another; the same request again is told nothing of the kind.
func TestRevokedBefore(t *testing.T) {
	r := open(t)
	index, _ := r.permitted(t, request(neighbour)).Grant.Index()
	id := newID()
	first, err := Revoke(t.Context(), r, id, actor(civil), index, "用途变更")
	if err != nil || first.Before {
		t.Fatalf("the first time: got %+v, %v", first, err)
	}
	if again, err := Revoke(t.Context(), r, id, actor(civil), index, "用途变更"); err != nil || again.Before || again.Entry != first.Entry {
		t.Errorf("the same request: got %+v, %v", again, err)
	}
	other, err := Revoke(t.Context(), r, newID(), actor(civil), index, "机构改革")
	if err != nil || !other.Before || other.Reason != "用途变更" || other.Entry != first.Entry {
		t.Errorf("with another reason: got %+v, %v", other, err)
	}
}
