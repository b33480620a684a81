package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

// others are jurisdictions that tell their lists of agencies as the test says.
type others struct {
	lists map[identity.Jurisdiction][]listedAgency
	err   error
	asked int
}

func (*others) Use(context.Context, operation.Asking, identity.Label, envelope.Call, func([]byte) (operation.Told, error)) (r operation.Recorded, err error) {
	return r, errors.New("no use")
}

// Read answers a page of two agencies.
func (o *others) Read(_ context.Context, a operation.Asking, call envelope.Call) ([]byte, error) {
	if o.asked++; o.err != nil {
		return nil, o.err
	}
	var w listWanted
	if err := canon.Unmarshal(call.Parameters, operation.MaxParameters, &w); err != nil {
		return nil, err
	}
	all := o.lists[a.To]
	p := listPage{Number: uint64(len(all))}
	if w.Known < p.Number {
		p.Agencies = all[w.Known:min(w.Known+2, p.Number)]
	}
	return canon.Marshal(p)
}

func named(s string) identity.Label {
	l, err := identity.ParseLabel(s)
	if err != nil {
		panic(err)
	}
	return l
}

func county(n int) identity.Jurisdiction { return placed(fmt.Sprintf("c%d.guiyang.guizhou", n)) }

func placed(name string) identity.Jurisdiction {
	j, err := identity.ParseJurisdiction(name)
	if err != nil {
		panic(err)
	}
	return j
}

// numbered returns a list of n agencies.
func numbered(prefix string, n int) (all []listedAgency) {
	for i := range n {
		all = append(all, listedAgency{Code: named(fmt.Sprintf("%s%d", prefix, i)), Title: "x"})
	}
	return all
}

// nameOf names the list as an honest jurisdiction does.
func nameOf(of identity.Jurisdiction, all []listedAgency) *envelope.AgencyList {
	hash := emptyList(of)
	for _, a := range all {
		hash = a.after(hash[:])
	}
	return &envelope.AgencyList{Number: uint64(len(all)), Hash: hash[:]}
}

func asking(of identity.Jurisdiction, code string, list *envelope.AgencyList) relay.Received {
	return relay.Received{Header: envelope.Header{Origin: of}, Call: envelope.Call{Agency: named(code), Agencies: list}}
}

// listsOf is the lists of the city, with the others that it asks, and a clock.
type listsOf struct {
	*Lists
	*others
	now time.Time
	log bytes.Buffer
}

func newLists(t *testing.T) *listsOf {
	t.Helper()
	d := &listsOf{others: &others{lists: map[identity.Jurisdiction][]listedAgency{}}, now: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
	own, err := identity.ParseJurisdiction("guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	d.Lists = NewLists(own, d.others, func() time.Time { return d.now }, slog.New(slog.NewTextHandler(&d.log, nil)))
	return d
}

// consumer demands that the request is taken ("") or refused with the code, after so many askings.
func (d *listsOf) consumer(t *testing.T, what string, r relay.Received, want text.Code, asked int) {
	t.Helper()
	before := d.asked
	by, err := d.Consumer(t.Context(), r)
	switch {
	case want == "" && (err != nil || by != identity.NewAgency(r.Header.Origin, r.Call.Agency)):
		t.Errorf("%s: got %s, %v", what, by, err)
	case want != "" && (err == nil || failure.Of(err).Code != want || !by.IsZero()):
		t.Errorf("%s: got %s, %v, want %s", what, by, err, want)
	}
	if d.asked-before != asked {
		t.Errorf("%s: asked %d times, want %d", what, d.asked-before, asked)
	}
}

// TestLists follows a list that grows, in pages of two: what is known is not asked for again, and a
// request that is older than what is known is held against the list that it names.
func TestLists(t *testing.T) {
	d, of := newLists(t), county(1)
	d.lists[of] = numbered("a", 3)
	three := nameOf(of, d.lists[of])
	d.consumer(t, "the first", asking(of, "a2", three), "", 2)
	d.consumer(t, "again", asking(of, "a0", three), "", 0)
	d.consumer(t, "not listed", asking(of, "b", three), text.AgencyNotListed, 0)
	d.lists[of] = append(d.lists[of], numbered("b", 1)...)
	four := nameOf(of, d.lists[of])
	d.consumer(t, "one more", asking(of, "b0", four), "", 1)
	d.consumer(t, "of the list before, which lacks it", asking(of, "b0", three), text.AgencyNotListed, 0)
	d.consumer(t, "of this jurisdiction", asking(d.own, "b", nil), "", 0)
	if !strings.Contains(d.log.String(), "level=ERROR") || strings.Count(d.log.String(), "\n") != 1 {
		t.Errorf("the alarms of a minute: got %s", &d.log)
	}
}

// backAgain returns lists in which the agency a1 of a county ended and is back, as was seen once,
// and what is told of its end.
func backAgain(t *testing.T) (d *listsOf, of identity.Jurisdiction, heard *[]string) {
	t.Helper()
	d, of, heard = newLists(t), county(1), new([]string)
	d.OnEnd(func(_ context.Context, a identity.Agency, by envelope.AgencyList, given bool) error {
		*heard = append(*heard, fmt.Sprint(a.Code(), by.Number, given))
		return nil
	})
	d.lists[of] = append(numbered("a", 2), listedAgency{Code: named("a1"), Title: "x", Ended: true}, listedAgency{Code: named("a1"), Title: "x"})
	d.consumer(t, "a use", asking(of, "a1", nameOf(of, d.lists[of])), "", 2)
	return d, of, heard
}

// TestListedIsLookedAt: where nobody could look at the list now, what is known of it does not count
// as looked at; an end that is known is told all the same, as one before a gift.
func TestListedIsLookedAt(t *testing.T) {
	d, of, heard := backAgain(t)
	agency := identity.NewAgency(of, named("a1"))
	if has, err := d.Listed(t.Context(), agency); !has || err != nil {
		t.Errorf("got %t, %v", has, err)
	}
	d.err = errors.New("no link")
	if _, err := d.Listed(t.Context(), agency); !failure.Is(err, text.AgencyListMissing) {
		t.Errorf("a list that cannot be had: got %v", err)
	}
	if err := d.Giving(t.Context(), agency); err != nil {
		t.Error(err)
	}
	if want := "[a1 3 false a1 3 true a1 3 true a1 3 true]"; fmt.Sprint(*heard) != want {
		t.Errorf("heard %v, want %s", *heard, want)
	}
}

// TestForgottenListIsAskedFor: a list that was driven out between a request and the gift that it
// leads to is asked for again, so that an end is heard of before the grant, which it would close.
// Where it cannot be had, nothing is given.
func TestForgottenListIsAskedFor(t *testing.T) {
	d, of, heard := backAgain(t)
	d.mu.Lock()
	d.size -= len(d.known[of].places)
	delete(d.known, of)
	d.mu.Unlock()
	agency := identity.NewAgency(of, named("a1"))
	if err := d.Giving(t.Context(), agency); err != nil {
		t.Error(err)
	}
	if want := "[a1 3 false a1 3 true]"; fmt.Sprint(*heard) != want {
		t.Errorf("heard %v, want %s", *heard, want)
	}
	d.err = errors.New("no link")
	if err := d.Giving(t.Context(), agency); !failure.Is(err, text.AgencyListMissing) {
		t.Errorf("not to be had: got %v", err)
	}
}

// TestHostileLists attacks the lists: one that cannot be had, one that never fits, one that is too
// long, and one that was rewritten. A jurisdiction that cannot be asked, or lies, is asked again
// after a while only; the lists of others are not touched.
func TestHostileLists(t *testing.T) {
	d, of, good := newLists(t), county(1), county(2)
	d.lists[of], d.lists[good] = numbered("a", 2), numbered("a", 2)
	two := nameOf(of, d.lists[of])
	d.err = errors.New("no link")
	d.consumer(t, "not to be had", asking(of, "a0", two), text.AgencyListMissing, 1)
	d.err = nil
	d.consumer(t, "at once again", asking(of, "a0", two), text.AgencyListMissing, 0)
	d.err = fmt.Errorf("ask: %w", &host.NoLeaderError{In: d.own})
	d.consumer(t, "nobody leads here", asking(county(3), "a0", two), text.NoLeader, 1)
	d.err, d.lists[county(3)] = nil, d.lists[of]
	d.consumer(t, "somebody leads again", asking(county(3), "a0", nameOf(county(3), d.lists[of])), "", 1)
	d.consumer(t, "of another", asking(good, "a0", nameOf(good, d.lists[good])), "", 1)
	d.now = d.now.Add(askAgain + 1)
	d.consumer(t, "later", asking(of, "a0", two), "", 1)
	wrong := &envelope.AgencyList{Number: 2, Hash: make([]byte, 32)}
	d.consumer(t, "another list of the number", asking(of, "a0", wrong), text.AgencyListRefused, 2)
	for range 100 {
		d.consumer(t, "and again", asking(of, "a0", wrong), text.AgencyListRefused, 0)
	}
	d.consumer(t, "the known one", asking(of, "a0", two), "", 0)
	d.now = d.now.Add(askAgain + 1)
	d.lists[of] = numbered("b", 3)
	d.consumer(t, "rewritten", asking(of, "b0", nameOf(of, d.lists[of])), "", 3)
	d.consumer(t, "the list before", asking(of, "a0", two), text.AgencyListRefused, 3)
	if n := strings.Count(d.log.String(), "another one than before"); n != 1 {
		t.Errorf("%d alarms of a rewritten list, want 1 a minute:\n%s", n, &d.log)
	}
	d.now = d.now.Add(askAgain + 1)
	d.lists[of] = numbered("b", MaxAgencies+1)
	d.consumer(t, "a list too long", asking(of, "c0", nameOf(of, numbered("b", MaxAgencies))), text.AgencyListMissing, maxListPage)
}

// TestListsAreBounded: the lists of many jurisdictions, and long ones, push out those that were
// used longest ago.
func TestListsAreBounded(t *testing.T) {
	d := newLists(t)
	for n := range maxLists + 100 {
		of := county(n)
		d.lists[of] = numbered("a", 1)
		d.consumer(t, of.String(), asking(of, "a0", nameOf(of, d.lists[of])), "", 1)
	}
	if len(d.known) != maxLists || d.size != maxLists {
		t.Errorf("%d lists with %d agencies are kept, want %d of each", len(d.known), d.size, maxLists)
	}
	d.consumer(t, "the newest", asking(county(maxLists), "a0", nameOf(county(maxLists), numbered("a", 1))), "", 0)
	d.size += maxListed - maxLists // as if the others were longer
	of := county(maxLists + 200)
	d.lists[of] = numbered("a", 3)
	d.consumer(t, "a longer one", asking(of, "a0", nameOf(of, d.lists[of])), "", 2)
	if d.size > maxListed {
		t.Errorf("%d agencies are kept, want at most %d", d.size, maxListed)
	}
}

// TestMadeUpChildrenDriveOutTheirOwn attacks the memory of lists (S34): one county asks in the
// names of more children than there is room for. The lists of others stay.
func TestMadeUpChildrenDriveOutTheirOwn(t *testing.T) {
	d := newLists(t)
	honest := placed("zunyi.guizhou")
	d.lists[honest] = numbered("a", 1)
	d.consumer(t, "the honest one", asking(honest, "a0", nameOf(honest, d.lists[honest])), "", 1)
	for n := range maxLists + 100 {
		of := placed(fmt.Sprintf("c%d.hostile.bijie.guizhou", n))
		d.lists[of] = numbered("a", 1)
		d.consumer(t, of.String(), asking(of, "a0", nameOf(of, d.lists[of])), "", 1)
	}
	d.consumer(t, "the honest one again", asking(honest, "a0", nameOf(honest, d.lists[honest])), "", 0)
}
