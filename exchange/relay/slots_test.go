package relay

import (
	"context"
	"crypto/hpke"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"xietong/exchange/budget"
	"xietong/exchange/envelope"
)

// slowKeys take a time that passes in the bubble for each decapsulation, and count them.
type slowKeys struct {
	keys
	done atomic.Int32
}

func (k *slowKeys) Decapsulate(key [32]byte, enc, info []byte) (*hpke.Recipient, error) {
	time.Sleep(time.Millisecond)
	k.done.Add(1)
	return k.keys.Decapsulate(key, enc, info)
}

// TestCostlyRequestsWaitTheirTurn attacks the processors of a destination: a county sends 90
// requests at once, each under an encapsulation of its own, which is what costs most of all. A
// request of its sibling waits three times, and each time for those only that are in the slots; one
// more is proven beside it (B01).
func TestCostlyRequestsWaitTheirTurn(t *testing.T) {
	const requests, slots, turns = 90, 2, 3 // proving, making the answer, encrypting it
	w := newTown(t)
	slow := &slowKeys{keys: w.keys[city]}
	frames := make([][]byte, requests)
	for i := range frames {
		frames[i] = w.draft(t).frame(t)
	}
	sibling := "yunyan." + city
	d := w.draft(t)
	d.Header.Origin, d.by = name(t, sibling), w.keys[sibling]
	healthy := d.frame(t)
	synctest.Test(t, func(t *testing.T) {
		local := w.local(t, city)
		local.Opener, local.Slots = envelope.NewOpener(slow), budget.NewSlots(slots)
		w.relays[city] = New(local)
		var hostile sync.WaitGroup
		for _, frame := range frames {
			hostile.Go(func() {
				if reply, _, err := w.serve(t, county, frame); err != nil || reply.Problem != nil {
					t.Errorf("got %+v, %v", reply.Problem, err)
				}
			})
		}
		synctest.Wait()
		before := slow.done.Load()
		if reply, _, err := w.serve(t, sibling, healthy); err != nil || reply.Problem != nil {
			t.Errorf("of the sibling: %+v, %v", reply.Problem, err)
		}
		if n := slow.done.Load() - before; n > slots*(turns+1) {
			t.Errorf("%d requests of the hostile county were proven before that of its sibling was answered, want at most %d", n-1, slots*(turns+1)-1)
		}
		hostile.Wait()
	})
}

// TestNoTurnInTime: a request whose turn does not come while its asker waits is refused as late,
// and so is an answer.
func TestNoTurnInTime(t *testing.T) {
	for who, at := range map[string]string{"destination": city, "asker": county} {
		w := newWorld(t)
		synctest.Test(t, func(t *testing.T) {
			local := w.local(t, at)
			local.Slots = budget.NewSlots(1)
			w.relays[at] = New(local)
			ctx, cancel := context.WithTimeout(budget.With(t.Context(), budget.Payer{Neighbour: budget.Local}), time.Second)
			defer cancel()
			var busy sync.WaitGroup
			occupy := func() {
				busy.Go(func() {
					_ = local.Slots.Run(budget.With(t.Context(), budget.Payer{Neighbour: "busy"}), func(context.Context) error {
						time.Sleep(10 * time.Second)
						return nil
					})
				})
				synctest.Wait()
			}
			if at == city {
				occupy()
			} else {
				w.operation = func(context.Context, Received) (Result, error) {
					occupy()
					return Result{}, nil
				}
			}
			_, err := w.relays[county].Ask(ctx, newID(t), name(t, city), query(t))
			wantProblem(t, who, err, county, Late, city)
			busy.Wait()
		})
	}
}
