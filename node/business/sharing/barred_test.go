package sharing

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/exchange/gather"
	"xietong/node/ground/failure"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

// TestRevokedIsNotAnAgencyAway attacks a revocation (S19): after it the jurisdiction asks again in
// the name of another agency, of one that it just made up, and for another purpose. None of them
// gets a grant by rule. Grants that its other agencies have go on, and other jurisdictions get
// theirs.
func TestRevokedIsNotAnAgencyAway(t *testing.T) {
	count := gather.Measure{Function: gather.Count}
	r := open(t)
	place := neighbour.Jurisdiction().String()
	other := r.permitted(t, request(agency(place, "education")))
	p := r.permitted(t, request(neighbour))
	entry := r.revoke(t, p)
	again := request(neighbour)
	again.Purpose = "residence-check"
	measured := request(agency(place, "education"))
	measured.Measure, measured.Offer.Measures = count, policy.Measures{"income": {"sum"}}
	for what, q := range map[string]Request{
		"another agency": request(agency(place, "water2")), "one that nobody registered": request(agency(place, "not-registered-anywhere")),
		"another purpose": again,
	} {
		args := r.refused(t, what, text.NoGrantByRule, func() error { _, err := PermitUse(t.Context(), r, q); return err })
		want := text.Args{
			"dataset": "villages", "jurisdiction": place, "entry": entry.String(), "provider": "civil-affairs", "name": "nanming.guiyang.guizhou",
			"give": "xietong grant give villages " + q.Consumer.Code().String() + "@" + place + " --in nanming.guiyang.guizhou --as civil-affairs --purpose " + q.Purpose + " --fields code",
		}
		if fmt.Sprint(args) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", what, args, want)
		}
	}
	args := r.refused(t, "the same agency", text.GrantRevoked, func() error { _, err := PermitUse(t.Context(), r, request(neighbour)); return err })
	if !strings.HasSuffix(args["give"], " --purpose statistics --fields code") {
		t.Errorf("it is offered more than it asked: %s", args["give"])
	}
	if got := r.permitted(t, measured); got.Now || got.Grant != other.Grant {
		t.Errorf("the grant of the other agency: got %+v, want %d", got, other.Grant)
	}
	mustRecord(t, r, other)
	for what, consumer := range map[string]identity.Agency{"another jurisdiction": namesake, "this one": water, "the one above": province} {
		if got := r.permitted(t, request(consumer)); !got.Now {
			t.Errorf("%s: got no grant by rule", what)
		}
	}
	r.later(t, 366*24*time.Hour)
	r.refused(t, "the other grant has ended", text.GrantEnded, func() error {
		q := request(agency(place, "education"))
		q.Until = "2029-01-01T00:00:00Z"
		_, err := PermitUse(t.Context(), r, q)
		return err
	})
}

// TestRevokedMeanwhile: a revocation between the decision and the application is seen by the
// command.
func TestRevokedMeanwhile(t *testing.T) {
	r := open(t)
	first := r.permitted(t, request(neighbour))
	p, apply, err := r.decide(t, request(agency(neighbour.Jurisdiction().String(), "water2")))
	if err != nil || !apply {
		t.Fatal(apply, err)
	}
	r.revoke(t, first)
	r.refused(t, "decided before", text.PolicyMoved, func() error { _, err := p.Apply(t.Context(), r, nil); return err })
}

// TestRulesHeld: while grants by rule of a dataset are held, nobody gets one, also not on what was
// decided before; those that there are go on.
func TestRulesHeld(t *testing.T) {
	r := open(t)
	has := r.permitted(t, request(neighbour))
	p, apply, err := r.decide(t, request(namesake))
	if err != nil || !apply {
		t.Fatal(apply, err)
	}
	r.now.Held = ledger.RefTo(7)
	r.refused(t, "decided before", text.PolicyMoved, func() error { _, err := p.Apply(t.Context(), r, nil); return err })
	held := func(consumer identity.Agency) Request {
		q := request(consumer)
		q.Held, q.Lost = r.now.Held, "nanming.guiyang.guizhou/log/1/77"
		return q
	}
	args := r.refused(t, "asked now", text.RulesHeld, func() error { _, err := PermitUse(t.Context(), r, held(namesake)); return err })
	if args["entry"] != "nanming.guiyang.guizhou/log/1/77" || args["jurisdiction"] != "nanming.guiyang.guizhou" {
		t.Errorf("they are told %v", args)
	}
	if got := r.permitted(t, held(neighbour)); got.Now || got.Grant != has.Grant {
		t.Errorf("who has a grant: got %+v", got)
	}
}

// verify records a probe of a key by an agency.
func (r *room) verify(t *testing.T, consumer identity.Agency, key string) error {
	p := r.permitted(t, request(consumer))
	_, err := RecordUse(t.Context(), r, newID(), p, Access{Operation: "verify", Probe: probe(key)})
	return err
}

// probeAll has the agencies of a place probe a key until it is refused, and returns how often they
// did.
func (r *room) probeAll(t *testing.T, place, key string) (done int) {
	for done < 100*ProbesPerDayOfAll && r.verify(t, agency(place, fmt.Sprintf("water%d", done/ProbesPerDay)), key) == nil {
		done++
	}
	return done
}

// TestProbesOfJurisdiction attacks the quota of probes (S19c): a jurisdiction, a county or a city,
// probes one key in the names of many agencies. It may do so ProbesPerDayOfAll times on a day.
func TestProbesOfJurisdiction(t *testing.T) {
	r := open(t)
	for _, place := range []string{neighbour.Jurisdiction().String(), "zunyi.guizhou"} {
		if done := r.probeAll(t, place, "a"); done != ProbesPerDayOfAll {
			t.Errorf("%s probed a key %d times on a day, want %d", place, done, ProbesPerDayOfAll)
		}
		r.permitted(t, request(agency(place, "another")))
		args := r.refused(t, "another agency", text.QuotaSpent, func() error { return r.verify(t, agency(place, "another"), "a") })
		if args["agency"] != place || args["limit"] != fmt.Sprint(ProbesPerDayOfAll) {
			t.Errorf("got %v", args)
		}
	}
	for what, err := range map[string]error{"another key": r.verify(t, neighbour, "b"), "another jurisdiction": r.verify(t, namesake, "a")} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestProbesOfSiblings attacks the others of a city: one county probes a key as often as it may
// (A09), and then as many counties as the city's number has room for (A09b). Whoever has not probed
// the key today does not notice the one, and keeps a probe beside the many; nobody is told who
// spent it.
func TestProbesOfSiblings(t *testing.T) {
	r := open(t)
	county := func(n int) string { return fmt.Sprintf("county%d.zunyi.guizhou", n) }
	if done := r.probeAll(t, county(0), "a"); done != ProbesPerDayOfAll {
		t.Errorf("a county probed a key %d times, want %d", done, ProbesPerDayOfAll)
	}
	for _, place := range []string{county(1), "zunyi.guizhou", "guizhou"} {
		for n := range ProbesPerDay {
			if err := r.verify(t, agency(place, "water"), "a"); err != nil {
				t.Errorf("%s, probe %d: %v", place, n+1, err)
				break
			}
		}
	}
	all := 0
	for n := range ProbesPerDayParts {
		all += r.probeAll(t, county(n), "b")
	}
	if want := (ProbesPerDayParts-1)*ProbesPerDayOfAll + 1; all != want {
		t.Errorf("%d counties probed a key %d times, want %d", ProbesPerDayParts, all, want)
	}
	if err := r.verify(t, agency(county(ProbesPerDayParts), "water"), "b"); err != nil {
		t.Errorf("a county that has not probed the key today: %v", err)
	}
	args := r.refused(t, "once more", text.QuotaSpent, func() error { return r.verify(t, agency(county(ProbesPerDayParts), "water"), "b") })
	if args["agency"] != "water" || args["limit"] != "180" {
		t.Errorf("got %v, want the agency that asks, and 180", args)
	}
}

// TestRevokedIsNotAChildAway attacks a revocation (S19d): the jurisdiction goes on as a child that
// it makes up, and as a child of that. A jurisdiction elsewhere goes on.
func TestRevokedIsNotAChildAway(t *testing.T) {
	r := open(t)
	place := neighbour.Jurisdiction().String()
	r.revoke(t, r.permitted(t, request(neighbour)))
	for _, child := range []string{"a." + place, "b.a." + place} {
		_, apply, err := r.decide(t, request(agency(child, "water")))
		if !failure.Is(err, text.NoGrantByRule) {
			t.Errorf("%s: applies %t, %v, want no-grant-by-rule", child, apply, err)
		}
	}
	if _, _, err := r.decide(t, request(namesake)); err != nil {
		t.Errorf("another jurisdiction: %v", err)
	}
}

// TestProbesOfMadeUpChildren attacks the quota of probes (S19e): a jurisdiction probes one key in
// the names of children that it makes up. A city has several times what a county has, and no more.
func TestProbesOfMadeUpChildren(t *testing.T) {
	r := open(t)
	done := 0
	for n := range 10 * ProbesPerDayOfAll / ProbesPerDay {
		p := r.permitted(t, request(agency(fmt.Sprintf("c%d.%s", n, neighbour.Jurisdiction()), "water")))
		for range ProbesPerDay {
			if _, err := RecordUse(t.Context(), r, newID(), p, Access{Operation: "verify", Probe: probe("a")}); err == nil {
				done++
			}
		}
	}
	if done != ProbesPerDayOfAll {
		t.Errorf("a jurisdiction probed a key %d times on a day, want %d", done, ProbesPerDayOfAll)
	}
	city := 0
	for n := range 20 * ProbesPerDayParts {
		city += r.probeAll(t, fmt.Sprintf("c%d.zunyi.guizhou", n), "a")
	}
	if want := ProbesPerDayParts * ProbesPerDayOfAll; city != want {
		t.Errorf("a city probed a key %d times on a day, want %d", city, want)
	}
}
