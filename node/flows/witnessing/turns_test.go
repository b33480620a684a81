package witnessing

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/ground/book"
)

// between has something happen between an offer and its arrival.
type between struct {
	*place
	do func()
}

func (b *between) Ask(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (relay.Answer, error) {
	if o := call.Operation.String(); o == string(operationWitness) || o == string(operationAct) {
		b.do()
	}
	return b.place.Ask(ctx, id, to, call)
}

// TestOvertaken (W26): a checkpoint that a later one overtakes on its way, as what two replicas
// show, or a receipt that comes first, is no ledger that was put back: neither side finds anything,
// and the other replicas are told nothing. One replica shows one after the other.
func TestOvertaken(t *testing.T) {
	for what, row := range map[string]struct {
		times int // of the offers that are overtaken
		later func(city, county *place) error
	}{
		"by the same replica": {1, func(city, county *place) error {
			if county.desk.begins(city.name) {
				t.Error("two are shown side by side")
			}
			return nil
		}},
		"by another replica": {1, func(city, county *place) error {
			_, err := county.shows(city, county.offers(city.of(county).Kept))
			return err
		}},
		"by receipts": {1, sees},
		"each time":   {4 * mostShown, sees},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, three[1:]...)
			city, county := w.at(three[1]), w.at(three[2])
			county.says(2)
			w.round()
			w.elapse(2 * time.Second)
			county.says(1)
			left, asks := row.times, false
			county.desk.o.Asker = &between{county, func() {
				if left == 0 || asks {
					return
				}
				left, asks = left-1, true
				county.says(1)
				if err := row.later(city, county); err != nil {
					t.Error(err)
				}
				asks = false
			}}
			for left > 0 {
				county.desk.visit(t.Context(), city.name)
				if f := append(city.findings(), county.findings()...); len(f) > 0 || county.Questioned() != nil {
					t.Fatalf("found: %+v, in question: %v", f, county.Questioned())
				}
				w.elapse(every)
			}
			w.round()
			if got := city.of(county).Kept; got+1 < county.size() {
				t.Errorf("the city keeps %d entries of %d", got, county.size())
			}
			if all := must2(county.desk.Proven(t.Context()))(t); len(all) > 0 {
				t.Errorf("the other replicas are told %+v", all)
			}
		})
	}
}

// sees has the city see a receipt of the county.
func sees(city, county *place) error {
	f, err := county.Follow(city.w.t.Context(), 0)
	if err == nil {
		err = city.desk.Saw(city.w.t.Context(), county.name, f.Signed)
	}
	return err
}

// TestActWhileSlow (W26): an act that is made while the one before is still on its way to a slow
// parent, in a round or after an act, is shown when that has arrived, and not with the next minute.
func TestActWhileSlow(t *testing.T) {
	for what, begin := range map[string]func(ctx context.Context, county *place, to identity.Jurisdiction){
		"after an act": func(context.Context, *place, identity.Jurisdiction) {},
		"in a round":   func(ctx context.Context, county *place, to identity.Jurisdiction) { county.desk.visit(ctx, to) },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, three[1:]...)
				city, county := w.at(three[1]), w.at(three[2])
				county.says(2)
				w.round()
				w.elapse(2 * time.Second)
				shown, arrives := make(chan struct{}), make(chan struct{})
				var later atomic.Bool
				county.desk.o.Asker = &between{county, func() {
					if !later.Swap(true) {
						close(shown)
						<-arrives
					}
				}}
				ctx, end := context.WithCancel(t.Context())
				var all sync.WaitGroup
				all.Go(func() { county.desk.watch(ctx) })
				all.Go(func() { county.desk.Rise(ctx) })
				synctest.Wait()
				revoke := func() {
					s := must2(county.Note("text/plain", []byte("x")))(t)
					must2(act.Do(t.Context(), county.Host, book.Request{}, actBody{N: 1, Statement: s}))(t)
				}
				all.Go(func() { begin(ctx, county, city.name) })
				synctest.Wait()
				revoke()
				<-shown
				revoke()
				want := county.size()
				time.Sleep(3 * pause)
				close(arrives)
				time.Sleep(3 * pause)
				if got := city.seen(county.Log()); got < want {
					t.Errorf("the city saw %d entries of %d", got, want)
				}
				end()
				all.Wait()
			})
		})
	}
}

// seen returns how many entries of a log the place saw.
func (p *place) seen(log identity.Log) (n uint64) {
	p.read(func(r *state.Reader) {
		k, _ := keptOf.Load(r, keyOfLog(log))
		n = p.desk.largestOf(k).Size
	})
	return n
}
