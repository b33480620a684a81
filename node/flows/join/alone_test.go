package join

import (
	"context"
	"log/slog"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/door"
	"xietong/node/tree/invitation"
	"xietong/node/tree/treetest"
)

// toldAnew is a parent that has invited a child, which joined another one or itself, and tells it
// what it saw.
type toldAnew struct {
	parent *treetest.Party
	saw    []byte
}

// goesOn has the child that lies in dir go on alone with the invitation of the parent.
func (p toldAnew) goesOn(t *testing.T, dir string, child identity.Jurisdiction, registry func() *state.Registry) error {
	t.Helper()
	pin := p.parent.MustPin(t)
	d := door.Door{
		Parent: p.parent, Now: p.parent.Clock, Budget: door.NewBudget(), Say: tree.NewEndorser(p.parent, p.parent.Clock).Say,
		Saw:   func(context.Context, identity.Jurisdiction) (door.Kept, error) { return door.Kept{Largest: p.saw}, nil },
		Alarm: func(identity.Jurisdiction, text.Code, error) {},
	}
	a := &attempt{
		o: Options{
			Now: p.parent.Clock, Told: func(Step) {}, Registry: registry, Logger: slog.New(slog.DiscardHandler),
			Alone: &Alone{Reason: "lost", Others: func(context.Context, Left) error { return nil }},
		},
		dir: dir,
		t:   invitation.Token{Parent: pin, Root: pin, Child: child, DisplayName: "南明区", Code: "520102", Level: "county", Secret: []byte("secret")},
		line: knocksBound(t, p.parent, func(binding [32]byte, frame []byte) ([]byte, error) {
			return d.Answer(t.Context(), binding, frame)
		}),
	}
	return a.settle(t.Context())
}

// TestAloneIntoAnotherTree (Q03b): a county in need is handed the line of somebody who calls
// himself its city, or whose word of what it saw is no word of it. It is refused before anything is
// changed in the folder, which opens with the keys that it has.
func TestAloneIntoAnotherTree(t *testing.T) {
	city, child := treetest.New(t, "guiyang.guizhou"), treetest.Name(t, "nanming.guiyang.guizhou")
	registry := func() *state.Registry { r := state.NewRegistry(); tree.Register(r); return r }
	dir := t.TempDir()
	folder := host.Folder(dir, child)
	options := host.Options{Registry: registry(), Logger: slog.New(slog.DiscardHandler), Now: city.Clock}
	if _, err := host.Make(folder, child, host.New{Now: city.Clock(), Epoch: 1, Hosted: 1}); err != nil {
		t.Fatal(err)
	}
	own, err := host.Open(t.Context(), folder, child, options)
	if err != nil {
		t.Fatal(err)
	}
	pin := city.MustPin(t)
	_, err = tree.Record(t.Context(), own, tree.Upstream{Parent: city.Name(), ParentPin: pin.String(), RootPin: pin.String(), Addresses: []string{"a:1"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := own.Close(); err != nil {
		t.Fatal(err)
	}
	place := tree.Place{Name: child, Code: "520102", Level: "county", DisplayName: "南明区", ShortName: "南明区"}
	other := treetest.New(t, "guiyang.guizhou")
	for _, row := range []struct {
		what string
		by   toldAnew
		want text.Code
	}{
		{"of another tree", toldAnew{parent: other}, text.OtherTree},
		{"that saw no checkpoint", toldAnew{parent: city, saw: []byte("many entries")}, text.ParentMismatch},
	} {
		row.by.parent.InviteAs(t, place, "secret", true)
		if err := row.by.goesOn(t, dir, child, registry); !failure.Is(err, row.want) {
			t.Errorf("a parent %s: got %v, want %s", row.what, err, row.want)
		}
		if begun, err := host.Unendorsed(folder); begun || err != nil {
			t.Errorf("a parent %s: something is begun: %v, %v", row.what, begun, err)
		}
		own, err := host.Open(t.Context(), folder, child, options)
		if err != nil {
			t.Fatal(err)
		}
		if err := own.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
