package federated_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/node/flows/callstest"
)

// TestOneCityFillsNoAccount (A28): a city says in every question that it reaches none of its
// counties, and lets nothing through to them. What it says takes a quarter of the room at most, so
// that what a hop of another branch withholds is still followed up.
func TestOneCityFillsNoAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counties := []identity.Jurisdiction{nanming}
		for i := range 14 {
			counties = append(counties, callstest.Name(fmt.Sprintf("c%d.guiyang.guizhou", i)))
		}
		w := callstest.New(t, callstest.Options{Counties: counties})
		asker := w.At(nanming)
		w.Breaks = func(_, to identity.Jurisdiction, _ envelope.Kind) (before, after bool) {
			return to != nanming && to != guiyang, false
		}
		followed := 0
		for range 12 {
			q := wideNow()
			got, err := asker.Federated.Gather(t.Context(), newID(), by(water), q)
			if err != nil {
				t.Fatal(err)
			}
			followed += len(got.Audit.Themselves)
		}
		if followed != 32 {
			t.Errorf("%d are asked what they say, want 32", followed)
		}
		for i, other := range []string{"zunyi.guizhou", "c1.bijie.guizhou"} {
			if kept, err := asker.Federated.OpenFor(t.Context(), water, villages, callstest.Name(other), byte(i)); err != nil || !kept {
				t.Errorf("what %s withholds: followed up %t, %v", other, kept, err)
			}
		}
	})
}
