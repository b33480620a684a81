package federated_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/flows/callstest"
	"xietong/node/flows/federated"
)

// TestLeftOutSaysSo (S15b, S15f): a city tells a county as unreachable. The asker tells the county
// what was said of it, and the county says, signed, what it knows: that it answered, and shows the
// answer; that its link was up, and the question never came; or that it was not up. Both words
// stand in the account of the question, also where the asker was restarted, and nobody is named as
// a liar. Who says nothing for a day is told so.
func TestLeftOutSaysSo(t *testing.T) {
	for what, row := range map[string]struct {
		lost    bool // the question does not come to the county; else its answer does not come back
		up      bool // the link of the county was up
		just    bool // since a moment ago, by a clock that may be slow (S15f)
		refused bool // the question comes to the county, which cannot answer it in time
		cut     time.Duration
		outcome federated.Outcome
	}{
		"it answered":               {outcome: federated.Answered, up: true},
		"it was not asked":          {lost: true, up: true, outcome: federated.NotAsked},
		"it was not up":             {lost: true, outcome: federated.NotUp},
		"it came up just then":      {lost: true, up: true, just: true, outcome: federated.NotUp},
		"it was asked too late":     {refused: true, up: true, outcome: federated.Declined},
		"it is reached hours later": {lost: true, up: true, cut: 5 * time.Hour, outcome: federated.NotAsked},
		"it is never reached":       {lost: true, up: true, cut: 48 * time.Hour, outcome: federated.Unreached},
	} {
		if testing.Short() && row.cut > 0 {
			continue // its hours are lived without -short
		}
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { leftOut(t, row.lost, row.up, row.just, row.refused, row.cut, row.outcome) })
		})
	}
}

func leftOut(t *testing.T, lost, up, just, refused bool, cut time.Duration, want federated.Outcome) {
	w := callstest.New(t, callstest.Options{Counties: []identity.Jurisdiction{nanming, yunyan}})
	asker, began := w.At(nanming), time.Now()
	if time.Sleep(envelope.MaxSkew); just {
		began = time.Now()
	}
	if up {
		w.At(yunyan).Federated.UpSince = func() time.Time { return began }
	}
	w.Late = func(_, to identity.Jurisdiction, kind envelope.Kind) (uint32, bool) {
		return 0, refused && to == yunyan && kind == envelope.Federated
	}
	var broken atomic.Bool
	broken.Store(cut > 0)
	w.Breaks = func(_, to identity.Jurisdiction, kind envelope.Kind) (bool, bool) {
		question := kind == envelope.Federated && to == yunyan
		return question && lost || to == yunyan && broken.Load(), question && !lost
	}
	q := wideNow()
	got, err := asker.Federated.Gather(t.Context(), newID(), by(water), q)
	if err != nil || got.Answered != 1 || len(got.Audit.Lies) > 0 || !slices.Equal(got.Audit.Themselves, []identity.Jurisdiction{yunyan}) {
		t.Fatalf("got %+v, missing %+v, %v", got.Audit, got.Missing, err)
	}
	w.Reopen(t, asker)
	run := func(long time.Duration) {
		ctx, cancel := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { asker.Federated.Run(ctx) })
		time.Sleep(long)
		cancel()
		done.Wait()
	}
	run(cut)
	broken.Store(false)
	if run(2 * time.Hour); want == federated.Unreached {
		run(24 * time.Hour)
	}
	a := must(asker.Federated.Account(t.Context(), catalog.Actor{}, got.Asked))
	if len(a.Open) != 0 || len(a.Findings) != 1 {
		t.Fatalf("got %+v", a)
	}
	f := a.Findings[0]
	if f.Outcome != want || f.Hop != yunyan || f.By != guiyang || f.State != gather.Unreachable || len(f.Lies) > 0 {
		t.Errorf("got %+v, want %s", f, want)
	}
	_, said := asker.SaidAt(t, f.Entry)
	if said["by"] != guiyang.String() || said["said"] != "unreachable" || (said["word"] != nil) != (want != federated.Unreached) {
		t.Errorf("recorded as %v", said)
	}
}
