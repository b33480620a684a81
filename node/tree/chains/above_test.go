package chains

import (
	"context"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/node/ground/host"
	"xietong/node/tree/door"
	"xietong/node/tree/treetest"
)

// endorsesAnew hands a child its newest chain.
func (w *world) endorsesAnew(parent, child *place) {
	w.t.Helper()
	levels, pin, err := parent.Chain(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	said, err := parent.store.endorser.Say(w.t.Context(), child.Name().Label())
	if err != nil {
		w.t.Fatal(err)
	}
	levels[len(levels)-1].Endorsement, levels[len(levels)-1].Standing = said.Proof, said.Standing
	if _, err := child.SetAbove(w.t.Context(), pin, levels); err != nil {
		w.t.Fatal(err)
	}
	w.refresh(child)
}

// TestRevokedAbove (S09g): a hop shows the chain of another branch as it was before the root
// changed its keys, with a standing of now by the root's keys of before. The county knows the
// newest by its own chain: where they revoked those, the chain is not believed; where they did not,
// the hop may not have heard of them, and the own levels stand in the place of what it showed.
func TestRevokedAbove(t *testing.T) {
	for what, revoked := range map[string]bool{"changed": false, "revoked": true} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, branches...)
			root, hop, from := w.at("guizhou"), w.at("guiyang.guizhou"), w.at("nanming.guiyang.guizhou")
			of := named(t, "zunyi.guizhou")
			w.finds(from.Name().String(), of.String())
			w.pass(61 * time.Minute) // until then no key set follows
			shown := w.asBefore(root, from, of)
			if _, err := root.NewKeys(t.Context(), treetest.Message(t), host.Change{Revoke: revoked}); err != nil {
				t.Fatal(err)
			}
			if err := root.RenewKeys(t.Context(), func(uint64) bool { return true }); err != nil {
				t.Fatal(err)
			}
			w.endorsesAnew(root, hop)
			w.endorsesAnew(hop, from)
			w.pass(10 * time.Minute)
			for _, p := range []*place{hop, from} {
				p.store.Drop(of)
			}
			hop.door.Prove = func(context.Context, identity.Jurisdiction, door.Wanted) ([]trust.Level, error) { return shown(), nil }
			if got := w.believes(from.Name().String(), of); got == revoked {
				t.Fatalf("it is believed: %t", got)
			}
			if c := from.store.kept[of]; !revoked && (c == nil || len(c.levels[0].KeySets) != 2) {
				t.Error("what is kept has not the newest keys of the root")
			}
		})
	}
}

// asBefore returns the chain of a jurisdiction as it is now, with a standing of whenever it is
// called by the keys that the root has now.
func (w *world) asBefore(root, from *place, of identity.Jurisdiction) func() []trust.Level {
	w.t.Helper()
	levels, keys := slices.Clone(from.store.kept[of].levels), root.Signer()
	links, err := from.store.descend(w.t.Context(), levels)
	if err != nil {
		w.t.Fatal(err)
	}
	payload, err := ledger.PayloadIn(levels[0].Endorsement)
	if err != nil {
		w.t.Fatal(err)
	}
	hash, entry := sha256.Sum256(payload), links[1].Standing.Entry
	return func() []trust.Level {
		said := trust.Standing{Child: of, Entry: entry, Hash: hash[:], Size: entry + 1000, Time: uint64(w.now().UnixMilli())}
		signed, err := said.Sign(keys)
		if err != nil {
			w.t.Error(err)
		}
		levels[0].Standing = signed
		return levels
	}
}
