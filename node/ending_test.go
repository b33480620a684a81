package node

import (
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/flows/join"
	"xietong/node/ground/datadir"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// TestHostingEnds: a place that is hosted no more is withdrawn, is in the configuration no more and
// has no link; its folder stays, and after a restart it is hosted again with what it had. The
// node's own jurisdiction, and one that has children, stay.
func TestHostingEnds(t *testing.T) {
	dir, above, county := cityFolder(t), mustName(t, "guiyang.guizhou"), yunyan(t)
	n := openCity(t, dir)
	made, err := n.Host(t.Context(), above, newID(t), county, join.Keys{})
	if err != nil {
		t.Fatal(err)
	}
	h, _ := n.of(county.Name)
	if _, err := catalog.AddAgency(t.Context(), h.host, newID(t), catalog.Agency{Code: mustLabel(t, "civil"), Title: "民政局"}); err != nil {
		t.Fatal(err)
	}
	end := func(name identity.Jurisdiction) text.Code {
		_, err := n.EndHosting(t.Context(), name, newID(t), "merged", planOf(t, n, name))
		return failure.Of(err).Code
	}
	if got := end(above); got != text.HostFirst {
		t.Errorf("the node's own: got %s", got)
	}
	town := county
	town.Name, town.DisplayName, town.ShortName, town.Code = mustName(t, "town.yunyan.guiyang.guizhou"), "某镇", "某镇", "520103100"
	if _, err := n.Host(t.Context(), county.Name, newID(t), town, join.Keys{}); err != nil {
		t.Fatal(err)
	}
	if got := end(county.Name); got != text.HostBelow {
		t.Errorf("one with a child: got %s", got)
	}
	withdrawnAndBack(t, n, county)
	if _, err := mustHosted(t, n, above).face.Joining.CutOff(t.Context(), newID(t), county.Name, "merged", nil); err != nil {
		t.Fatal(err)
	}
	for agreed, want := range map[string]text.Code{"": text.EndPlanNeeded, "x": text.PlanMoved} {
		if _, err := n.EndHosting(t.Context(), town.Name, newID(t), "merged", agreed); !failure.Is(err, want) {
			t.Errorf("agreed to %q: got %v, want %s", agreed, err, want)
		}
	}
	for _, name := range []identity.Jurisdiction{town.Name, county.Name} {
		if _, err := n.EndHosting(t.Context(), name, newID(t), "merged", planOf(t, n, name)); err != nil {
			t.Fatalf("end %s: %v", name, err)
		}
		if _, hosts := n.of(name); hosts || n.socket.Up(name, above) {
			t.Errorf("%s is hosted or linked still", name)
		}
	}
	if c, _ := known(t, n, above, county); c.Joined() || c.Open() {
		t.Errorf("the city endorses it still: %+v", c)
	}
	if got := end(county.Name); got != text.JurisdictionUnknown {
		t.Errorf("ended again: got %s", got)
	}
	if _, err := n.Host(t.Context(), above, newID(t), county, join.Keys{}); !failure.Is(err, text.HostEnded) {
		t.Errorf("hosted again at once: got %v", err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := datadir.ReadConfig(dir)
	if err != nil || len(c.Jurisdictions) != 1 {
		t.Fatalf("configuration: got %+v, %v", c, err)
	}
	again := openCity(t, dir)
	t.Cleanup(func() {
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	})
	back, err := again.Host(t.Context(), above, newID(t), county, join.Keys{})
	if err != nil || back.Pin != made.Pin {
		t.Fatalf("hosted after a restart: got %+v, %v, want pin %s", back, err, made.Pin)
	}
	h, _ = again.of(county.Name)
	err = h.host.View(t.Context(), func(r *state.Reader) error {
		if agencies, _ := catalog.Counts(r); agencies != 1 {
			t.Errorf("agencies after that: got %d, want 1", agencies)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// planOf returns the hash of what the end of the hosting would do; "" where it cannot end.
func planOf(t *testing.T, n *Node, name identity.Jurisdiction) string {
	t.Helper()
	plan, err := n.HostingEnd(t.Context(), name)
	if err != nil {
		return ""
	}
	hash, err := plan.Hash()
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// withdrawnAndBack (F3): a hosted place that its parent has withdrawn comes back by `host add`
// without a restart, with the keys that it has.
func withdrawnAndBack(t *testing.T, n *Node, county tree.Place) {
	t.Helper()
	parent, _ := county.Name.Parent()
	above, h := mustHosted(t, n, parent), mustHosted(t, n, county.Name)
	if _, err := above.face.Joining.CutOff(t.Context(), newID(t), county.Name, "drill", nil); err != nil {
		t.Fatal(err)
	}
	if c, _ := known(t, n, parent, county); c.Joined() {
		t.Fatal("it was not withdrawn")
	}
	pin, err := h.host.Pin()
	if err != nil {
		t.Fatal(err)
	}
	back, err := n.Host(t.Context(), parent, newID(t), county, join.Keys{})
	if err != nil || back.Pin != pin.String() || back.Entry == "" {
		t.Fatalf("got %+v, %v, want pin %s and an entry", back, err, pin)
	}
	if c, _ := known(t, n, parent, county); !c.Joined() || h.host.Denied() != nil {
		t.Errorf("after host add: %+v, denied %+v", c, h.host.Denied())
	}
}

func mustHosted(t *testing.T, n *Node, name identity.Jurisdiction) *hosted {
	t.Helper()
	h, ok := n.of(name)
	if !ok {
		t.Fatalf("%s is not hosted", name)
	}
	return h
}

// TestCancelAsShown (A8): whose invitation is taken back is shown first, by its whole name, and
// another one that waits by then is not taken back.
func TestCancelAsShown(t *testing.T) {
	county := yunyan(t)
	n := openCity(t, cityFolder(t))
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	desk := mustHosted(t, n, mustName(t, "guiyang.guizhou")).face.Joining
	invite := func() join.Invited {
		t.Helper()
		made, err := desk.Invite(t.Context(), newID(t), county, 0, false)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	shown := func(of join.Invited) string {
		t.Helper()
		w, err := desk.Waiting(t.Context(), county.Code)
		if err != nil || w.Place.Name != county.Name || w.Entry != of.Entry || !w.Until.Equal(of.Until.Truncate(time.Millisecond)) || w.Joined {
			t.Fatalf("got %+v, %v", w, err)
		}
		hash, err := w.Hash()
		if err != nil {
			t.Fatal(err)
		}
		return hash
	}
	if _, err := desk.Waiting(t.Context(), county.Code); err == nil {
		t.Error("nobody was invited, and one waits")
	}
	cancel := func(agreed string) error {
		_, err := desk.Cancel(t.Context(), newID(t), county.DisplayName, "astray", agreed)
		return err
	}
	first := shown(invite())
	second := invite()
	if err := cancel(""); !failure.Is(err, text.EndPlanNeeded) {
		t.Errorf("nobody was shown it: got %v, want %s", err, text.EndPlanNeeded)
	}
	if err := cancel(first); !failure.Is(err, text.PlanMoved) {
		t.Errorf("another waits: got %v, want %s", err, text.PlanMoved)
	}
	if err := cancel(shown(second)); err != nil {
		t.Error(err)
	}
	for _, agreed := range []string{first, ""} {
		if err := cancel(agreed); !failure.Is(err, text.NoInvitation) {
			t.Errorf("none waits: got %v, want %s", err, text.NoInvitation)
		}
	}
}
