package reform

import (
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// TestEndHoldsWhatItSays: the command itself refuses to end an agency with live grants where nobody
// said that these end, and one to which something came that the plan does not move.
func TestEndHoldsWhatItSays(t *testing.T) {
	w := newWorld(t, "civil", "water", "tax")
	w.publish(t, "villages", "civil")
	w.put(t, "villages", "civil", "a")
	w.used(t, "before", "tax", "villages", "a", "")
	var held []sharing.Grant
	if err := w.View(ctx, func(r *state.Reader) error {
		held = sharing.HeldBy(r, identity.NewAgency(w.Name(), label("tax")))
		return nil
	}); err != nil || len(held) != 1 {
		t.Fatalf("tax holds %v, %v", held, err)
	}
	end := func(into identity.Label, drop bool) error {
		_, err := book.Enter(ctx, w, commandEnd, book.Request{}, endBody{
			Plan: Plan{What: "tax"}, End: must(catalog.EndOf(w, label("tax"), into, "机构改革")), Moves: []catalog.Move{}, Drop: drop,
			Grants: sharing.DigestOf(held),
		})
		return err
	}
	entries := len(w.Heads(t, 0))
	refused(t, w, "live grants, and nobody dropped them", text.AgencyInUse, end(identity.Label{}, false), entries)
	w.publish(t, "towns", "tax")
	refused(t, w, "a dataset came that the plan does not move", text.PlanMoved, end(label("water"), false), entries+1)
	w.withdraw(t, "towns")
	if err := end(identity.Label{}, true); err != nil {
		t.Errorf("live grants that were dropped: %v", err)
	}
}
