package standing

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/node/ground/roster"
	"xietong/node/tree"
	"xietong/node/tree/breaks"
	"xietong/node/tree/chains"
	"xietong/node/tree/neighbours"
	"xietong/node/tree/rosters"
	"xietong/node/tree/treetest"
)

// TestCalledAsAnother (A23): a city endorses a zone that the roster does not list, by the whole
// name, the title or the code of another place. Whoever stands below the zone means the other place
// by them all the same, and the zone is not shown by them.
func TestCalledAsAnother(t *testing.T) {
	for _, called := range []string{"zunyi.guizhou", "遵义市", "nanming.guiyang.guizhou", "guizhou"} {
		s := belowZone(t, called)
		want := treetest.Name(t, "zunyi.guizhou")
		if called != "遵义市" {
			want = treetest.Name(t, called)
		}
		zone := treetest.Name(t, test)
		for typed, means := range map[string]identity.Jurisdiction{
			called: want, "520300": treetest.Name(t, "zunyi.guizhou"), "test": zone, test: zone,
		} {
			if got, err := s.Resolve(typed); err != nil || got != means {
				t.Errorf("the zone is called %q, and %q means %s, %v, want %s", called, typed, got, err, means)
			}
		}
		if below, err := s.Selector("*."+called, ""); err != nil || below.Below != want {
			t.Errorf("*.%s means the children of %s, %v, want %s", called, below.Below, err, want)
		}
		if got := s.Called(zone); got != test {
			t.Errorf("the zone is shown as %q, want %q", got, test)
		}
	}
}

// belowZone returns what is known at a town, of which the zone is the parent.
func belowZone(t *testing.T, called string) *Standing {
	t.Helper()
	province, city := treetest.New(t, guizhou, rosters.Register), treetest.New(t, guiyang, rosters.Register)
	zone, town := treetest.New(t, test, rosters.Register), treetest.New(t, "town."+test, rosters.Register)
	for _, invited := range []struct {
		parent, child *treetest.Party
		called, code  string
	}{{province, city, "贵阳市", "520100"}, {city, zone, called, "520300"}, {zone, town, "镇", ""}} {
		place := tree.Place{Name: invited.child.Name(), DisplayName: invited.called, ShortName: invited.called, Code: invited.code}
		invited.parent.InviteAs(t, place, "secret", false)
		invited.child.JoinTo(t, invited.parent, "secret")
	}
	ignore := func(context.Context, identity.Jurisdiction) {}
	top, own := rosters.New(province, nil, ignore), rosters.New(town, nil, ignore)
	if err := top.PublishFirst(t.Context()); err != nil {
		t.Fatal(err)
	}
	proof, err := top.Proof(t.Context(), 0)
	if err == nil {
		err = own.Take(t.Context(), proof)
	}
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	table := neighbours.New(town, town.Clock, quiet)
	found := chains.New(town, tree.NewEndorser(town, town.Clock), table, breaks.New(town, nil, town.Clock, quiet), silent, town.Clock)
	if err := table.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return New(town, roster.Place{Name: town.Name()}, table, found, own, func(identity.Jurisdiction) (never time.Time) { return never })
}
