package standing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/exchange/link"
	"xietong/exchange/relay"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/ground/zone"
	"xietong/node/tree"
	"xietong/node/tree/breaks"
	"xietong/node/tree/chains"
	"xietong/node/tree/neighbours"
	"xietong/node/tree/rosters"
	"xietong/node/tree/treetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	guizhou = "guizhou"
	guiyang = "guiyang.guizhou"
	nanming = "nanming.guiyang.guizhou"
	yunyan  = "yunyan.guiyang.guizhou"
	test    = "test.guiyang.guizhou" // no roster lists it
)

// scene is 贵阳市 between 贵州省 and two children: 南明区, and one that no roster lists. 云岩区
// never joined.
type scene struct {
	t                      *testing.T
	province, city, county *treetest.Party
	top, own               *rosters.Store // the province's, and the city's
	table                  *neighbours.Table
	*Standing              // of the city
}

func newScene(t *testing.T) *scene { return newSceneWith(t, "试点区", "") }

// newSceneWith is the scene in which the unlisted child is called so by its parent.
func newSceneWith(t *testing.T, called, code string) *scene {
	t.Helper()
	s := &scene{
		t: t, province: treetest.New(t, guizhou, register), city: treetest.New(t, guiyang, register),
		county: treetest.New(t, nanming, register),
	}
	unlisted := treetest.New(t, test)
	for _, invited := range []struct {
		parent, child *treetest.Party
		called, code  string
	}{{s.province, s.city, "贵阳市", ""}, {s.city, s.county, "南明区", ""}, {s.city, unlisted, called, code}} {
		place := tree.Place{Name: invited.child.Name(), DisplayName: invited.called, ShortName: invited.called, Code: invited.code}
		invited.parent.InviteAs(t, place, "secret", false)
		invited.child.JoinTo(t, invited.parent, "secret")
	}
	ignore := func(context.Context, identity.Jurisdiction) {}
	s.top, s.own = rosters.New(s.province, nil, ignore), rosters.New(s.city, nil, ignore)
	s.table = neighbours.New(s.city, s.city.Clock, slog.New(slog.DiscardHandler))
	found := chains.New(s.city, tree.NewEndorser(s.city, s.city.Clock), s.table, breaks.New(s.city, nil, s.city.Clock, slog.New(slog.DiscardHandler)), silent, s.city.Clock)
	config := roster.Place{Name: s.city.Name(), DisplayName: "configured", Level: "prefecture"}
	s.Standing = New(s.city, config, zone.Home, s.table, found, s.own, func(identity.Jurisdiction) time.Time { return time.Time{} })
	if err := s.table.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// silent is a link over which nothing comes.
func silent(_ context.Context, neighbour identity.Jurisdiction, _ []byte) ([]byte, error) {
	return nil, fmt.Errorf("%w: to %s", link.ErrNoLink, neighbour)
}

// acting is an agency of the province.
type acting struct{ identity.Agency }

func (a acting) Resolve(*state.Reader) (identity.Agency, error) { return a.Agency, nil }

// publish has the root publish the list of the program with some of its words replaced. The city
// takes the new list.
func (s *scene) publish(replaced ...string) {
	s.t.Helper()
	shipped := roster.ShippedOf(s.province.Name()).CSV()
	list := strings.NewReplacer(replaced...).Replace(shipped)
	if list == shipped {
		s.t.Fatalf("the list of the program has none of %q", replaced)
	}
	places, err := roster.Parse(list)
	if err != nil {
		s.t.Fatal(err)
	}
	by := acting{identity.NewAgency(s.province.Name(), treetest.Label(s.t, "civil-affairs"))}
	if _, err := s.top.Publish(s.t.Context(), treetest.Message(s.t), by, places); err != nil {
		s.t.Fatal(err)
	}
	proof, err := s.top.Proof(s.t.Context(), 0)
	if err == nil {
		err = s.own.Take(s.t.Context(), proof, func(p roster.Piece) ([]byte, error) { return s.top.Piece(s.t.Context(), p.Hash) })
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// renames are words of the list, each followed by the words that replace it: one of a city, one of
// a county.
var renames = []string{
	"贵阳市,贵阳市,Guiyang City", "筑城市,筑城,Zhucheng City", "南明区,南明区,Nanming District", "甲秀区,甲秀,Jiaxiu District",
}

// called checks the names of places, in full and for short.
func (s *scene) called(when string, want map[string][2]string) {
	s.t.Helper()
	for name, w := range want {
		j := treetest.Name(s.t, name)
		if got := [2]string{s.Called(j), s.CalledShort(j)}; got != w {
			s.t.Errorf("%s: %s is called %q, want %q", when, name, got, w)
		}
	}
}

// resolved checks which jurisdiction each text means; "": none.
func (s *scene) resolved(when string, want map[string]string) {
	s.t.Helper()
	for typed, name := range want {
		got, err := s.Resolve(typed)
		if err == nil && got.String() != name || err != nil && (name != "" || treetest.Code(err) != text.JurisdictionUnknown) {
			s.t.Errorf("%s: %q means %s, %v, want %q", when, typed, got, err, name)
		}
	}
}

// TestRenamed renames places by a roster: from then on each has its new name, and is found by the
// new name and by its old one.
func TestRenamed(t *testing.T) {
	s := newScene(t)
	s.called("before", map[string][2]string{
		guizhou: {"贵州省", "贵州省"}, guiyang: {"贵阳市", "贵阳市"}, nanming: {"南明区", "南明区"}, yunyan: {"云岩区", "云岩区"},
		test: {"试点区", "试点区"}, "x.yunnan": {"x.yunnan", "x.yunnan"},
	})
	s.publish(renames...)
	s.called("after", map[string][2]string{
		guizhou: {"贵州省", "贵州省"}, guiyang: {"筑城市", "筑城"}, nanming: {"甲秀区", "甲秀"}, yunyan: {"云岩区", "云岩区"},
		test: {"试点区", "试点区"}, "x.yunnan": {"x.yunnan", "x.yunnan"},
	})
	chain, err := s.Chain(t.Context())
	if got := s.CalledChain(chain); err != nil || !slices.Equal(got, []string{"贵州省", "筑城市"}) {
		t.Errorf("the chain is called %q, %v", got, err)
	}
	s.resolved("after", map[string]string{
		"": guiyang, "甲秀区": nanming, "甲秀": nanming, "Jiaxiu District": nanming, "南明区": nanming, "nanming": nanming,
		"520102": nanming, nanming: nanming, "筑城市": guiyang, "贵州省": guizhou, "guizhou": guizhou, "云岩区": yunyan, "试点区": test,
		"test": test, "毕节市": "bijie.guizhou", "x.yunnan": "x.yunnan", "某区": "", "yunyan": yunyan, "mars": "", "Nanming District": "",
	})
	for typed, want := range map[string]string{"甲秀区": "nanming", "南明区": "nanming", "520102": "nanming", "试点区": "test"} {
		if got, err := s.ChildCalled(t.Context(), typed); err != nil || got.String() != want {
			t.Errorf("the child %q is %s, %v, want %s", typed, got, err, want)
		}
	}
	if _, err := s.ChildCalled(t.Context(), "云岩区"); treetest.Code(err) != text.NeverInvited {
		t.Errorf("a child that was never invited: got %v, want %s", err, text.NeverInvited)
	}
}

// TestNamesThatMove gives a place the name that another had. The name then means the place that has
// it now, even where the other is a neighbour.
func TestNamesThatMove(t *testing.T) {
	s := newScene(t)
	s.publish("南明区,南明区,Nanming District", "甲秀区,甲秀,Jiaxiu District", "云岩区,云岩区,Yunyan District", "南明区,南明,Nanming District")
	s.resolved("moved", map[string]string{"甲秀区": nanming, "南明区": yunyan, "云岩区": ""})
	s.city.InviteAs(t, tree.Place{Name: treetest.Name(t, yunyan), DisplayName: "云岩区"}, "other", false)
	for typed, want := range map[string]string{"甲秀区": "nanming", "南明区": "yunyan", "云岩区": "yunyan"} {
		if got, err := s.ChildCalled(t.Context(), typed); err != nil || got.String() != want {
			t.Errorf("the child %q is %s, %v, want %s", typed, got, err, want)
		}
	}
}

// TestWorded puts the names now in force into the values of a refusal that name a jurisdiction, and
// leaves all others.
func TestWorded(t *testing.T) {
	s := newScene(t)
	s.publish(renames...)
	got := s.Worded(text.Args{
		"jurisdiction": nanming, "destination": guiyang, "neighbour": guizhou, "origin": test, "peer": "x.yunnan",
		"dataset": "nanming", "reason": nanming, "name": nanming, "until": "2026-12-01T13:31:56Z",
	})
	want := text.Args{
		"jurisdiction": "甲秀区", "destination": "筑城市", "neighbour": "贵州省", "origin": "试点区", "peer": "x.yunnan",
		"dataset": "nanming", "reason": nanming, "name": "甲秀区",
		"until": "2026-12-01 21:31:56 +08:00",
	}
	for arg, w := range want {
		if got[arg] != w {
			t.Errorf("%s: got %q, want %q", arg, got[arg], w)
		}
	}
	if odd := s.Worded(text.Args{"jurisdiction": "Not A Name"}); len(got) != len(want) || odd["jurisdiction"] != "Not A Name" {
		t.Errorf("got %v and %v", got, odd)
	}
}

// TestWordedInZone (U-B14) tells a time that comes from elsewhere in the zone of this node, also
// within a cause.
func TestWordedInZone(t *testing.T) {
	s := newScene(t)
	var err error
	if s.zone, err = zone.Load("America/New_York"); err != nil {
		t.Fatal(err)
	}
	got := s.Worded(text.Args{"until": "2026-07-01T01:00:00Z", "reason": "RFC 3339, after 2026-12-01T13:31:56Z, within 5 years"})
	want := text.Args{"until": "2026-06-30 21:00:00 -04:00", "reason": "RFC 3339, after 2026-12-01 08:31:56 -05:00, within 5 years"}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestUnlistedIsAsConfigured calls the jurisdiction itself as its configuration says where the
// roster does not list it.
func TestUnlistedIsAsConfigured(t *testing.T) {
	p := treetest.New(t, "x.yunnan", register)
	config := roster.Place{Name: p.Name(), DisplayName: "某市", ShortName: "某", Level: "prefecture"}
	table := neighbours.New(p, p.Clock, slog.New(slog.DiscardHandler))
	s := New(p, config, zone.Home, table, nil, rosters.New(p, nil, nil), nil)
	if got := s.Place(p.Name()); got != config || s.Called(p.Name()) != "某市" || s.CalledShort(p.Name()) != "某" {
		t.Errorf("got %+v", got)
	}
}

// TestToInvite finds the place below that a person means, by what the roster now in force calls it.
func TestToInvite(t *testing.T) {
	s := newScene(t)
	s.publish(append(slices.Clone(renames), "习水县,习水县,Xishui County", "双水县,双水县,Xishui County", "大方县,大方县,Dafang County", "双水县,双水县,Dafang County")...)
	said := roster.Place{Code: "520199", Level: "county"}
	short := said
	short.ShortName = "新"
	for what, row := range map[string]struct {
		named, label string
		said         roster.Place
		want         tree.Place
	}{
		"by its name": {"甲秀区", "", said, place(t, nanming, "520102", "county", "甲秀区", "甲秀")},
		"by its code": {"520102", "", said, place(t, nanming, "520102", "county", "甲秀区", "甲秀")},
		"by a label":  {"nanming", "", said, place(t, nanming, "520102", "county", "甲秀区", "甲秀")},
		"not listed":  {"新区", "new", said, place(t, "new.guiyang.guizhou", "520199", "county", "新区", "新区")},
		"for short":   {"新区", "new", short, place(t, "new.guiyang.guizhou", "520199", "county", "新区", "新")},
	} {
		if got, err := s.ToInvite(row.named, row.label, row.said); err != nil || got != row.want {
			t.Errorf("%s: got %+v, %v, want %+v", what, got, err, row.want)
		}
	}
	for named, want := range map[string]text.Args{
		"甲秀县": {"code": string(text.PlaceUnknown), "parent": "筑城市", "near": "甲秀区/筑城市/520102/" + nanming},
		"南明区": {"code": string(text.PlaceUnlisted), "parent": "筑城市"},
		"毕节市": {"code": string(text.PlaceElsewhere), "name": "毕节市", "parent": "贵州省", "jurisdiction": "筑城市"},
		"筑城市": {"code": string(text.PlaceItself), "name": "筑城市"},
		"双水县": {"code": string(text.JurisdictionAmbiguous), "near": "双水县/遵义市/520330/xishui.zunyi.guizhou, 双水县/毕节市/520521/dafang.bijie.guizhou"},
		"":    {"code": string(text.PlaceUnlisted), "name": ""},
	} {
		_, err := s.ToInvite(named, "", said)
		f := text.AsFailure(err)
		for arg, value := range want {
			if got := f.Args[arg]; arg != "code" && got != value || arg == "code" && string(f.Code) != value {
				t.Errorf("%q: got %s %v, want %v", named, f.Code, f.Args, want)
			}
		}
	}
	if _, err := s.ToInvite("新区", "No Label", said); err == nil {
		t.Error("a label that is none was taken")
	}
}

func place(t *testing.T, name, code, level, called, short string) tree.Place {
	return tree.Place{Name: treetest.Name(t, name), Code: code, Level: level, DisplayName: called, ShortName: short}
}

// TestSelector checks which jurisdictions the texts for many mean.
func TestSelector(t *testing.T) {
	s := newScene(t)
	s.publish(renames...)
	for typed, want := range map[string]gather.Selector{
		"*.guizhou":      {Below: treetest.Name(t, guizhou)},
		"**.guizhou":     {Below: treetest.Name(t, guizhou), Deep: true},
		"*.筑城市":          {Below: treetest.Name(t, guiyang)},
		"**." + nanming:  {Below: treetest.Name(t, nanming), Deep: true},
		"*.南明区":          {Below: treetest.Name(t, nanming)},
		"**.x.yunnan":    {Below: treetest.Name(t, "x.yunnan"), Deep: true},
		"**.毕节市":         {Below: treetest.Name(t, "bijie.guizhou"), Deep: true},
		"**.Bijie City":  {Below: treetest.Name(t, "bijie.guizhou"), Deep: true},
		"**.试点区":         {Below: treetest.Name(t, test), Deep: true},
		"**.甲秀":          {Below: treetest.Name(t, nanming), Deep: true},
		"*." + "520000":  {Below: treetest.Name(t, guizhou)},
		"**." + "520100": {Below: treetest.Name(t, guiyang), Deep: true},
	} {
		want.Level = "county"
		if got, err := s.Selector(typed, "county"); err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", typed, got, err, want)
		}
	}
	for _, typed := range []string{"", "*", "**", "*.", "**.", "***.guizhou", "guizhou", "x.guizhou", "* .guizhou", "guizhou.**", "guizhou/*", "guiyang*.guizhou", "**.gui*zhou"} {
		if got, err := s.Selector(typed, ""); treetest.Code(err) != text.SelectorMalformed {
			t.Errorf("%q: got %+v, %v, want %s", typed, got, err, text.SelectorMalformed)
		}
	}
}

// TestNearNames offers the places of the roster that a typed text may mean, also in a selector.
func TestNearNames(t *testing.T) {
	s := newScene(t)
	s.publish(renames...)
	for typed, near := range map[string]string{"毕结": "毕节市", "毕结市": "毕节市", "Bijie Cty": "毕节市", "乌有之乡": ""} {
		_, err := s.Resolve(typed)
		f := text.AsFailure(err)
		want := text.JurisdictionNear
		if near == "" {
			want = text.JurisdictionUnknown
		}
		if f.Code != want || !strings.Contains(f.Args["near"], near) {
			t.Errorf("%q: got %s %v, want %s near %q", typed, f.Code, f.Args, want, near)
		}
		if _, err := s.Selector("**."+typed, ""); treetest.Code(err) != want {
			t.Errorf("**.%q: got %v, want %s", typed, err, want)
		}
	}
}

// TestBy takes a name for a level where the roster has one of that name, and for a field otherwise.
func TestBy(t *testing.T) {
	s := newScene(t)
	names := []string{"county", "township", "prefecture", "County"}
	want := []gather.By{{Level: "county"}, {Field: "township"}, {Level: "prefecture"}, {Field: "County"}}
	if got := s.By(names); !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := s.By(nil); len(got) != 0 {
		t.Errorf("by nothing: got %+v", got)
	}
	s.publish(",prefecture,", ",township,")
	want = []gather.By{{Level: "county"}, {Level: "township"}, {Field: "prefecture"}, {Field: "County"}}
	if got := s.By(names); !slices.Equal(got, want) {
		t.Errorf("by another roster: got %+v, want %+v", got, want)
	}
}

// TestLevelBelow (F2): a standard is for a level that places below have, by code or word in any
// case; where the roster lists no place below, for one of the usual ones.
func TestLevelBelow(t *testing.T) {
	s := newScene(t)
	for typed, want := range map[string]string{"county": "county", " 县级": "county", "County": "county", "township": "", "市级": "", "nonsense": "", "": ""} {
		if got, levels, ok := s.LevelBelow(typed); got != want || ok != (want != "") || !slices.Equal(levels, []string{"county"}) {
			t.Errorf("%q: got %q of %q, %v, want %q", typed, got, levels, ok, want)
		}
	}
	s.publish(",county,", ",District,")
	for typed, want := range map[string]string{"district": "District", "县级": ""} {
		if got, levels, ok := s.LevelBelow(typed); got != want || ok != (want != "") {
			t.Errorf("in another tree %q: got %q of %q, want %q", typed, got, levels, want)
		}
	}
}

// TestWhereTheWayEnds checks that key sets that cannot be had are told as a refusal of the hop that
// says so.
func TestWhereTheWayEnds(t *testing.T) {
	s := newScene(t)
	for of, at := range map[string]string{
		"qixingguan.bijie.guizhou": guiyang, yunyan: guiyang, "town." + nanming: guiyang, "x.yunnan": guiyang,
	} {
		_, err := s.KeySets(t.Context(), treetest.Name(t, of), false)
		p, ok := errors.AsType[*relay.Problem](err)
		want := text.Unreachable
		if of == yunyan {
			want = text.PlaceNotJoined
		}
		if !ok || p.At.String() != at || text.ByNumber(p.Code) != want {
			t.Errorf("%s: got %v, want %s by %s", of, err, want, at)
		}
	}
	for _, near := range []string{guizhou, nanming} {
		if sets, err := s.KeySets(t.Context(), treetest.Name(t, near), false); err != nil || len(sets) != 1 {
			t.Errorf("%s: got %d key sets, %v", near, len(sets), err)
		}
	}
}

// TestWhoWasAsked: what a neighbour refused a chain with is told as its word, also where it says
// that another told it; a withdrawal that is proven, as the word of the one that signed it.
func TestWhoWasAsked(t *testing.T) {
	s, of := newScene(t), treetest.Name(t, "qixingguan.bijie.guizhou")
	gone := text.Failure{Code: text.PlaceWithdrawn, Args: text.Args{"jurisdiction": of.String(), "by": "bijie.guizhou", "entry": "bijie.guizhou/log/1/9"}}
	for want, err := range map[string]error{
		guizhou: &chains.Told{By: treetest.Name(t, guizhou), Failure: &gone}, "bijie.guizhou": &gone,
	} {
		if p, ok := errors.AsType[*relay.Problem](s.told(of, err)); !ok || p.At.String() != want {
			t.Errorf("got %v, want it told by %s", p, want)
		}
	}
}

// TestNeighbours checks which jurisdictions stand above and below, and which no more.
func TestNeighbours(t *testing.T) {
	s := newScene(t)
	parent, ok := s.Parent()
	if !ok || parent != s.province.Name() || s.Name() != s.city.Name() {
		t.Errorf("%s is below %s, %t", s.Name(), parent, ok)
	}
	if got := fmt.Sprint(s.Children()); got != fmt.Sprintf("[%s %s]", nanming, test) || !s.IsChild(s.county.Name()) {
		t.Errorf("the children are %s", got)
	}
	if _, err := tree.Withdraw(t.Context(), s.city, treetest.Message(t), treetest.Label(t, "nanming"), "merged"); err != nil {
		t.Fatal(err)
	}
	if err := s.table.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(s.Children()); got != fmt.Sprintf("[%s]", test) || s.IsChild(s.county.Name()) {
		t.Errorf("after the withdrawal the children are %s", got)
	}
	if n, known := s.Neighbour(s.county.Name()); known {
		t.Errorf("after the withdrawal there is %+v", n)
	}
	s.city.SetClock(s.city.Clock().Add(trust.EndorsementTerm + time.Hour))
	unlisted := treetest.Name(t, test)
	if n, known := s.Neighbour(unlisted); !known || n.Live || n.Place.DisplayName != "试点区" || s.IsChild(unlisted) || len(s.Children()) != 0 {
		t.Errorf("after the endorsement has ended: got %+v, %t", n, known)
	}
}

// TestRoster counts coverage against the roster now in force.
func TestRoster(t *testing.T) {
	s := newScene(t)
	before := s.Roster()
	if again := s.Roster(); before.Number != 0 || number(t, before) != 98 || before.Hash != again.Hash {
		t.Errorf("number %d of %d places", before.Number, number(t, before))
	}
	s.publish(renames...)
	if after := s.Roster(); after.Number != s.Current().Number() || after.Number == 0 || after.Hash == before.Hash || number(t, after) != 98 {
		t.Errorf("number %d of %d places", after.Number, number(t, after))
	}
}

func number(t *testing.T, r gather.Roster) (n int) {
	for p := range r.Under(roster.ShippedOf(treetest.Name(t, "guizhou")).Root()) {
		if at, listed := r.At(p.Name); listed && at == p {
			n++
		}
	}
	return n
}

// register registers the room rosters with agencies of which none ended.
func register(r *state.Registry) {
	rosters.Register(r, func(*state.Tx, identity.Label) error { return nil })
}
