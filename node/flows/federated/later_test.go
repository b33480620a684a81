package federated_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/business/catalog"
	"xietong/node/flows/callstest"
	"xietong/node/flows/federated"
)

// hiding is a world in which 南明区 asks, and the city shows nothing until it is told to.
type hiding struct {
	*world
	asker *place

	mu    sync.Mutex // guards the fields below
	hides bool
	asked int // times that the city was asked to show
	found []federated.Finding
}

// hide returns such a world, within a bubble; lie changes the city's shares before they are signed.
func hide(t *testing.T, lie func(*gather.Share)) *hiding {
	t.Helper()
	w := &hiding{hides: true}
	w.world = callstest.New(t, callstest.Options{
		Counties: []identity.Jurisdiction{nanming, yunyan},
		Federated: func(p *place, in *relay.Registry) {
			if p.Name() == guiyang {
				p.Federated.ServeHidingWhile(in, p.Lists, w.isHidden, lie)
				return
			}
			p.Federated.Serve(in, p.Lists)
		},
	})
	w.asker = w.At(nanming)
	return w
}

func (w *hiding) isHidden() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	return w.hides
}

func (w *hiding) show() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hides = false
}

// run has the asker ask again, as a node does, for so long.
func (w *hiding) run(t *testing.T, long time.Duration) {
	t.Helper()
	w.asker.Federated.Found = func(f federated.Finding) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.found = append(w.found, f)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { w.asker.Federated.Run(ctx) })
	time.Sleep(long) // of the bubble
	cancel()
	done.Wait()
}

// ask asks everybody below the city, and demands that the city is told as one that is asked again.
func (w *hiding) ask(t *testing.T) federated.Gathered {
	t.Helper()
	q := wideNow()
	got, err := w.asker.Federated.Gather(t.Context(), newID(), by(water), q)
	if err != nil || !slices.Contains(got.Audit.Unseen, guiyang) || !slices.Equal(got.Audit.Again, []identity.Jurisdiction{guiyang}) {
		t.Fatalf("got %+v, %v", got.Audit, err)
	}
	return got
}

func (w *hiding) account(t *testing.T) federated.Account {
	t.Helper()
	return must(w.asker.Federated.Account(t.Context(), catalog.Actor{}, identity.Entry{}))
}

// TestShownLaterIsAudited (S03c): what a hop did not show within the audit it is asked for again,
// after a restart of the asker too. Shown later, it is audited, and the account says so; a lie is
// pinned on who told it.
func TestShownLaterIsAudited(t *testing.T) {
	for what, row := range map[string]struct {
		lie     func(*gather.Share)
		outcome federated.Outcome
		lies    string
	}{
		"an honest sum": {func(*gather.Share) {}, federated.Audited, "[]"},
		"a false sum":   {func(s *gather.Share) { s.Groups[0].Count = 1 }, federated.Lied, "[{guiyang.guizhou dropped nanming.guiyang.guizhou}]"},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := hide(t, row.lie)
				got := w.ask(t)
				w.run(t, 5*time.Minute)
				if a := w.account(t); len(a.Open) != 1 || len(a.Findings) != 0 || a.Open[0].Hop != guiyang || a.Open[0].Asked != got.Asked {
					t.Fatalf("before it is shown: got %+v", a)
				}
				w.Reopen(t, w.asker)
				w.show()
				w.run(t, time.Hour)
				a := w.account(t)
				if len(a.Open) != 0 || len(a.Findings) != 1 || len(w.found) != 1 {
					t.Fatalf("got %+v, told %+v", a, w.found)
				}
				f := a.Findings[0]
				if f.Outcome != row.outcome || f.Hop != guiyang || f.Asked != got.Asked || fmt.Sprint(f.Lies) != row.lies || f.Why != nil {
					t.Errorf("got %+v, want %s with %s", f, row.outcome, row.lies)
				}
				head, said := w.asker.SaidAt(t, f.Entry)
				if head.Kind != ledger.KindFinding || head.Agency != water || head.About != ledger.RefTo(got.Asked.Index()) || said["outcome"] != string(row.outcome) || said["share"] == nil {
					t.Errorf("recorded as %+v %v", head, said)
				}
			})
		})
	}
}

// TestWithheldIsRecorded (S03c): a hop that shows nothing for a day is recorded as one that
// withheld. It is asked at most 31 times: after 1, 2, 4, … minutes, and then each hour.
func TestWithheldIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hide(t, func(*gather.Share) {})
		got := w.ask(t)
		before := w.asker.Size(t)
		w.asked = 0
		for range 5 { // a node that is restarted often asks no more often
			w.run(t, 5*time.Hour)
			w.Reopen(t, w.asker)
		}
		a := w.account(t)
		if len(a.Open) != 0 || len(a.Findings) != 1 || a.Findings[0].Outcome != federated.Withheld || a.Findings[0].Hop != guiyang {
			t.Fatalf("got %+v", a)
		}
		if f := a.Findings[0]; f.Why == nil || f.Asked != got.Asked || f.At.Sub(f.Since) < federated.AgainFor || f.At.Sub(f.Since) > federated.AgainFor+time.Hour {
			t.Errorf("got %+v", f)
		}
		if after := w.asker.Size(t); w.asked < 25 || w.asked > 31 || after != before+1 {
			t.Errorf("asked %d times, with %d entries", w.asked, after-before)
		}
	})
}

// TestOpenPointsAreBounded: one hop cannot have more than MaxPointsOf points open; what has no room
// is told as not shown, and not as one that is asked again.
func TestOpenPointsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hide(t, func(*gather.Share) {})
		for range federated.MaxPointsOf {
			w.ask(t)
			time.Sleep(relay.WideEvery)
		}
		q := wideNow()
		got, err := w.asker.Federated.Gather(t.Context(), newID(), by(water), q)
		if err != nil || len(got.Audit.Again) > 0 || !slices.Contains(got.Audit.Unseen, guiyang) {
			t.Errorf("got %+v, %v", got.Audit, err)
		}
		if a := w.account(t); len(a.Open) != federated.MaxPointsOf {
			t.Errorf("%d are open, want %d", len(a.Open), federated.MaxPointsOf)
		}
	})
}

// TestLongestFindingIsKept settles a point with the longest names, values and number of lies.
func TestLongestFindingIsKept(t *testing.T) {
	w := newWorld(t)
	if err := w.County.Federated.SettleLongest(t.Context(), water, villages); err != nil {
		t.Fatal(err)
	}
	a := must(w.County.Federated.Account(t.Context(), catalog.Actor{}, identity.Entry{}))
	if len(a.Open) != 0 || len(a.Findings) != 1 || len(a.Findings[0].Lies) != federated.MaxLies {
		t.Errorf("got %d open, %d findings", len(a.Open), len(a.Findings))
	}
}
