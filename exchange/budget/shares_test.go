package budget

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)

func payer(neighbour, origin int) Payer {
	return Payer{Neighbour: fmt.Sprintf("n%d", neighbour), Origin: fmt.Sprintf("o%d", origin)}
}

// TestHogsLeaveRoom has neighbours take what they can. Each gets the same, and two thirds of that
// are left for one that comes later.
func TestHogsLeaveRoom(t *testing.T) {
	for _, hogs := range []int{1, 2, 8, 30} {
		b, held := NewPlaces(1000), map[int]int{}
		for took := true; took; {
			took = false
			for n := range hogs {
				if _, ok := b.Enter(payer(n, 0)); ok {
					took = true
					held[n]++
				}
			}
		}
		for n := range hogs {
			if want := 1000 / (hogs + 2); held[n] < want-1 || held[n] > want+1 {
				t.Errorf("%d hogs: the one numbered %d holds %d places, want about %d", hogs, n, held[n], want)
			}
		}
		later := 0
		for range 1000 / (hogs + 2) {
			if _, ok := b.Enter(payer(hogs, 0)); ok {
				later++
			}
		}
		if want := 2*1000/(hogs+2)/3 - 1; later < want {
			t.Errorf("%d hogs: one that came later has %d places, want %d", hogs, later, want)
		}
	}
}

// TestInventedOriginsGainNothing attacks with a neighbour that makes up an origin for each request:
// it takes all places toward the others (S17).
func TestInventedOriginsGainNothing(t *testing.T) {
	b := NewPlaces(1024)
	held := 0
	for origin := range 5000 {
		if _, ok := b.Enter(payer(0, origin)); ok {
			held++
		}
	}
	if held > 1024/2 {
		t.Errorf("a neighbour with 5,000 origins holds %d of 1,024 places", held)
	}
	for n := 1; n <= 20; n++ {
		for range 16 {
			if _, ok := b.Enter(payer(n, 0)); !ok {
				t.Fatalf("neighbour %d of 20 finds no place beside it", n)
			}
		}
	}
}

// TestPlacesComeBack draws what enters and leaves, and checks that nothing is left of it.
func TestPlacesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := NewPlaces(rapid.IntRange(1, 50).Draw(t, "most"))
		var leaves []func()
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			if len(leaves) > 0 && rapid.Bool().Draw(t, "leave") {
				i := rapid.IntRange(0, len(leaves)-1).Draw(t, "which")
				leaves[i]()
				leaves = append(leaves[:i], leaves[i+1:]...)
				continue
			}
			if leave, ok := b.Enter(payer(rapid.IntRange(0, 5).Draw(t, "n"), rapid.IntRange(0, 5).Draw(t, "o"))); ok {
				leaves = append(leaves, leave)
			}
			if len(leaves) > b.most {
				t.Fatalf("%d of %d places are taken", len(leaves), b.most)
			}
		}
		for _, leave := range leaves {
			leave()
		}
		if b.held.used != 0 || len(b.held.below) != 0 {
			t.Errorf("all left, and %v is held by %d", b.held.used, len(b.held.below))
		}
	})
}

// TestRateIsShared has one neighbour ask for ten times what there is, and others for little. The
// little is served, and what the one gets stays below what there is.
func TestRateIsShared(t *testing.T) {
	r := NewRate(1000, 100)
	served, hog := 0, 0.0
	for second := range 600 {
		now := start.Add(time.Duration(second) * time.Second)
		for origin := range 100 {
			if r.Spend(10, payer(0, origin), now) == nil {
				hog += 10
			}
		}
		if r.Spend(2, payer(1+second%10, 0), now) == nil {
			served++
		}
	}
	if served < 599 {
		t.Errorf("%d of 600 of the others are served", served)
	}
	if hog > 1000+600*100 {
		t.Errorf("the hog has %v of %v", hog, 1000+600*100)
	}
	if hog < 600*100*9/10 {
		t.Errorf("the hog has %v: what nobody uses is lent", hog)
	}
}

// TestAgainIsTrue: whoever is told to come again, and does, is served; a moment before, not.
func TestAgainIsTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, now := NewRate(1000, 10), start
		for range rapid.IntRange(0, 100).Draw(t, "spent before") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20_000).Draw(t, "ms")) * time.Millisecond)
			_ = r.Spend(float64(rapid.IntRange(1, 300).Draw(t, "n")), payer(rapid.IntRange(0, 3).Draw(t, "by"), rapid.IntRange(0, 3).Draw(t, "of")), now)
		}
		n, p := float64(rapid.IntRange(1, 999).Draw(t, "asked")), payer(rapid.IntRange(0, 3).Draw(t, "asker"), 0)
		err := r.Spend(n, p, now)
		if err == nil {
			return
		}
		again := err.(*SpentError).Again
		if early := again - 100*time.Millisecond; early > 0 && r.Spend(n, p, now.Add(early)) == nil {
			t.Fatalf("told to come again in %s, and served after %s", again, early)
		}
		if err := r.Spend(n, p, now.Add(again)); err != nil {
			t.Fatalf("told to come again in %s, and then: %v", again, err)
		}
	})
}

// TestClockSetBack: whoever has spent its part before the clock was set back gets more at the same
// rate as ever, and not only when the time of before has come again.
func TestClockSetBack(t *testing.T) {
	r, p, year := NewRate(30, 1), payer(0, 0), start.AddDate(1, 0, 0)
	for r.Spend(1, p, year) == nil {
	}
	if err := r.Spend(1, p, start); err == nil {
		t.Error("setting the clock back gave something")
	}
	for second := range 20 {
		if err := r.Spend(1, p, start.Add(time.Duration(second+1)*time.Second)); err != nil {
			t.Fatalf("second %d: %v", second, err)
		}
	}
}

// TestRateForLong spends for a year, so that the unit is written down anew many times.
func TestRateForLong(t *testing.T) {
	r := NewRate(100, 1)
	now, got := start, 0.0
	for range 400_000 {
		now = now.Add(79 * time.Second)
		if r.Spend(30, payer(0, 0), now) == nil {
			got += 30
		}
		if r.Spend(1, payer(1, 0), now) != nil {
			t.Fatalf("after %s the other is refused", now.Sub(start))
		}
	}
	if got != 400_000*30 {
		t.Errorf("got %v, want %v", got, 400_000*30)
	}
	if err := r.Spend(101, payer(2, 0), now); err == nil || err.(*SpentError).Again != longest {
		t.Errorf("more than there ever is: %v", err)
	}
	r.Resize(1000, 1, now)
	if err := r.Spend(101, payer(2, 0), now); err != nil {
		t.Errorf("after there is more: %v", err)
	}
}

// TestRateForgetsNames: a neighbour that makes up an origin for each request, and keeps its budget
// in use, does not have this node remember them all.
func TestRateForgetsNames(t *testing.T) {
	r, now := NewRate(90, 0.1), start
	for n := range 200_000 {
		now = now.Add(time.Second)
		_ = r.Spend(1, Payer{Neighbour: "hostile", Origin: fmt.Sprint(n)}, now)
	}
	if r.spent.used == 0 || len(r.spent.below["hostile"].below) > 2_000 {
		t.Errorf("%v is spent, by %d origins that are remembered", r.spent.used, len(r.spent.below["hostile"].below))
	}
}
