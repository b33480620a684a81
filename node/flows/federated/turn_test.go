package federated_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/budget"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/node/flows/federated"
)

// holdBack has what a jurisdiction is sent held back until the minute of an audit is nearly over,
// and then somebody else compute in all slots of the asker until it is.
func holdBack(w *world, asker *place, by, to identity.Jurisdiction) {
	slots := budget.NewSlots(1)
	asker.Federated.Slots = slots
	w.Breaks = func(local, next identity.Jurisdiction, kind envelope.Kind) (before, after bool) {
		if local != by || next != to || kind != envelope.Request {
			return false, kind == envelope.Federated && next == yunyan && by != nanming
		}
		time.Sleep(time.Minute - 100*time.Millisecond)
		go slots.Run(budget.With(context.Background(), budget.Payer{Neighbour: "zunyi.guizhou"}), func(context.Context) error {
			time.Sleep(200 * time.Millisecond)
			return nil
		})
		time.Sleep(time.Millisecond)
		return false, false
	}
}

// TestNoTurnIsNoLie (A26): an honest city shows what it was given just before the minute of the
// audit is over, and somebody else has the asker's slots until then. That the asker did not verify
// it says nothing of the city: it is asked again, also after it was so once more, and is audited.
func TestNoTurnIsNoLie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hide(t, func(*gather.Share) {})
		w.show()
		holdBack(w.world, w.asker, nanming, guiyang)
		q := wideNow()
		ctx := budget.With(t.Context(), budget.Payer{Neighbour: budget.Local, Origin: "water"})
		got, err := w.asker.Federated.Gather(ctx, newID(), by(water), q)
		if a := got.Audit; err != nil || len(a.Lies) != 0 || len(a.Unseen) == 0 || len(a.Again) != 1 || a.Again[0] != guiyang {
			t.Errorf("got %+v, %v, want the city told as not audited, and asked again", a, err)
		}
		w.run(t, 10*time.Minute)
		if a := w.account(t); len(a.Open) != 1 || len(a.Findings) != 0 || len(w.found) != 0 {
			t.Errorf("after some tries: got %+v, want it open", a)
		}
		w.Breaks = nil
		w.run(t, 2*time.Hour)
		if a := w.account(t); len(a.Open) != 0 || len(a.Findings) != 1 || a.Findings[0].Outcome != federated.Audited {
			t.Errorf("at last: got %+v, want it audited", a)
		}
	})
}

// TestNoTurnIsNotGone (A26): a county shows the answer that its city hid, and the asker does not
// come to verify it in time. The county is asked again, and its answer stands beside what the city
// said.
func TestNoTurnIsNotGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hide(t, func(*gather.Share) {})
		w.show()
		holdBack(w.world, w.asker, guiyang, yunyan)
		q := wideNow()
		got, err := w.asker.Federated.Gather(t.Context(), newID(), by(water), q)
		if themselves := got.Audit.Themselves; err != nil || len(themselves) != 1 || themselves[0] != yunyan {
			t.Fatalf("got %+v, %v, want 云岩区 asked itself", got.Audit, err)
		}
		w.run(t, 5*time.Minute)
		if a := w.account(t); len(a.Open) != 1 || len(a.Findings) != 0 {
			t.Errorf("after some tries: got %+v, want it open", a)
		}
		w.Breaks = nil
		w.run(t, 2*time.Hour)
		if a := w.account(t); len(a.Open) != 0 || len(a.Findings) != 1 || a.Findings[0].Outcome != federated.Answered {
			t.Errorf("at last: got %+v, want it answered", a)
		}
	})
}
