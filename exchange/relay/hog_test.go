package relay

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"xietong/exchange/budget"
)

// invented adds jurisdictions below the county, which endorses whom it likes.
func (w *world) invented(t *testing.T, n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("a%d.%s", i, county))
	}
	w.add(t, names...)
	return names
}

// TestInventedChildrenAskNoMore attacks the budget of questions to many: a county asks the whole
// province under the names of children that it makes up, each of which asks for the first time
// (S17).
func TestInventedChildrenAskNoMore(t *testing.T) {
	w := newTown(t)
	asked := 0
	for _, child := range w.invented(t, 2*WideBurst) {
		_, err := w.relays[child].Federate(t.Context(), newID(t), name(t, province), gatherCall(t))
		if p, ok := errors.AsType[*Problem](err); err != nil && (!ok || p.Code != uint16(Busy)) {
			t.Fatal(err)
		}
		if err == nil {
			asked++
		}
	}
	if asked > WideBurst {
		t.Errorf("a county asked the province %d times, want at most %d", asked, WideBurst)
	}
	if _, err := w.relays["yunyan."+city].Federate(t.Context(), newID(t), name(t, province), gatherCall(t)); err != nil {
		t.Errorf("a sibling's first question: %v", err)
	}
}

// TestInventedChildrenTakeNoPlaces attacks the places of a hop: a county sends requests that are
// not answered soon, under as many names as it takes to fill all places toward the province (S17).
func TestInventedChildrenTakeNoPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		release := make(chan struct{})
		served := w.operation
		w.operation = func(ctx context.Context, r Received) (Result, error) {
			if r.Header.Origin.Under(name(t, county)) {
				<-release
			}
			return served(ctx, r)
		}
		children := w.invented(t, 16)
		far := []string{farCounty, farCity, province, "kaili." + farCity}
		w.add(t, far[3])
		for _, r := range w.relays {
			r.brought = budget.NewPlacesToward(1 << 40) // the links are wide
		}
		done := make(chan error)
		for i := range MaxToward {
			go func() {
				_, err := w.relays[children[i%len(children)]].Ask(t.Context(), newID(t), name(t, far[i%len(far)]), query(t))
				done <- err
			}()
		}
		synctest.Wait()
		if held := w.relays[city].toward.Held(); held > MaxToward/2 {
			t.Errorf("a county holds %d of the %d places toward the province", held, MaxToward)
		}
		for i := range 20 {
			if _, err := w.relays["yunyan."+city].Ask(t.Context(), newID(t), name(t, province), query(t)); err != nil {
				t.Errorf("request %d of a sibling: %v", i, err)
			}
		}
		close(release)
		for range MaxToward {
			<-done
		}
	})
}

// TestOperationsKnowWhoPays: what an operation does, such as recording, is paid for by the
// neighbour that brought the request, by the branch of its origin and by the one within it (S21).
func TestOperationsKnowWhoPays(t *testing.T) {
	w := newTown(t)
	var got budget.Payer
	w.operation = func(ctx context.Context, _ Received) (Result, error) {
		got, _ = budget.PayerOf(ctx)
		return Result{}, nil
	}
	child := w.invented(t, 1)[0]
	for to, want := range map[string]budget.Payer{
		county:   {Neighbour: child, Origin: child},
		city:     {Neighbour: county, Origin: child},
		province: {Neighbour: city, Origin: county, Within: child},
		farCity:  {Neighbour: province, Origin: city, Within: county},
	} {
		if _, err := w.relays[child].Ask(t.Context(), newID(t), name(t, to), query(t)); err != nil || got != want {
			t.Errorf("of %s: %+v pays, %v, want %+v", to, got, err, want)
		}
	}
}
