package chains

import (
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/tree"
)

// replayed is the chain of a child as its endorsers say it now, but for the last step, which is
// what they said before.
func (w *world) replayed(child identity.Jurisdiction, before []trust.Level) []trust.Level {
	w.t.Helper()
	above, _ := child.Parent()
	levels, up := w.levelsOf(child, w.now), w.levelsOf(above, w.now)
	at := len(levels) - 2
	levels[at-1] = up[at-1]
	levels[at].Endorsement, levels[at].Standing = before[at].Endorsement, before[at].Standing
	return levels
}

// TestUndoneWithdrawal (A13): a hop shows a withdrawal that was undone since, with everything above
// it as it is now. It ends no belief, however long ago it was, also in a town below of which alone
// a chain is kept.
func TestUndoneWithdrawal(t *testing.T) {
	child, below := "meitan.zunyi.guizhou", "town.meitan.zunyi.guizhou"
	for _, ago := range []time.Duration{time.Minute, time.Hour} {
		for _, known := range [][]string{{child, below}, {below}} {
			w := newWorld(t, branches...)
			from, of := w.at("nanming.guiyang.guizhou"), named(t, child)
			w.withdraw(of)
			before := w.levelsOf(of, w.now)
			w.pass(ago)
			w.join(w.at("zunyi.guizhou"), w.places[of]) // invited again: the same keys, endorsed anew
			w.refresh(w.places[of])
			for _, name := range known {
				w.finds(from.Name().String(), name)
			}
			w.pass(time.Minute)
			if c, err := from.store.verified(t.Context(), of, w.replayed(of, before)); err == nil {
				t.Errorf("undone %s after the withdrawal: it is taken for %v", ago, c.err)
			}
			for _, name := range known {
				if from.store.kept[named(t, name)] == nil {
					t.Errorf("undone %s after the withdrawal: %s is not believed any more", ago, name)
				}
			}
			w.withdraw(of)
			if c, err := from.store.verified(t.Context(), of, w.replayed(of, w.levelsOf(of, w.now))); err != nil || c.err == nil {
				t.Errorf("withdrawn once more: got %v, and no refusal", err)
			}
			if n := len(from.store.kept); n != 0 {
				t.Errorf("withdrawn once more: %d chains are kept", n)
			}
		}
	}
}

// TestOldWithdrawal (A13b): "withdrawn" is taken for no longer than "stands" is, also where nothing
// is known that undid it.
func TestOldWithdrawal(t *testing.T) {
	w := newWorld(t, branches...)
	s, of := w.at("nanming.guiyang.guizhou").store, named(t, "meitan.zunyi.guizhou")
	w.withdraw(of)
	before := w.levelsOf(of, w.now)
	for _, row := range []struct {
		ahead time.Duration
		taken bool
	}{{MaxAge + tree.MaxSkew - time.Minute, true}, {MaxAge + tree.MaxSkew + time.Minute, false}} {
		w.setAhead(row.ahead)
		if c, err := s.verified(t.Context(), of, w.replayed(of, before)); (err == nil) != row.taken || err == nil && c.err == nil {
			t.Errorf("%s after the withdrawal: got %v", row.ahead, err)
		}
	}
}
