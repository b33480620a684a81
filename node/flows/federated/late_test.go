package federated_test

import (
	"testing"
	"testing/synctest"
	"time"

	"xietong/exchange/gather"
	"xietong/node/flows/federated"
)

// TestOneTryBlamesNobody (S03d): the asker was off while a hop was to be asked again for a day. The
// first tries after its start decide nothing: who shows within the hour is audited, who shows
// nothing for an hour of tries is recorded as one that withheld, and where the asker is never up
// for so long, it is recorded after a week that the hop could not be asked.
func TestOneTryBlamesNobody(t *testing.T) {
	for what, row := range map[string]struct {
		hides   bool // also later than a few minutes after the start
		up      time.Duration
		starts  int
		outcome federated.Outcome
	}{
		"it shows half an hour later":      {false, 3 * time.Hour, 1, federated.Audited},
		"it goes on hiding":                {true, 3 * time.Hour, 1, federated.Withheld},
		"the asker is up for minutes only": {true, 10 * time.Minute, 8, federated.Unreached},
	} {
		if testing.Short() && row.hides {
			continue // its hours are lived without -short
		}
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := hide(t, func(*gather.Share) {})
				w.ask(t)
				for range row.starts {
					time.Sleep(federated.AgainFor)
					w.Reopen(t, w.asker)
					w.run(t, 10*time.Minute)
				}
				if a := w.account(t); row.starts == 1 && (len(a.Open) != 1 || len(a.Findings) != 0) {
					t.Errorf("ten minutes after the start: got %+v, want it open", a)
				}
				if !row.hides {
					w.show()
				}
				w.run(t, row.up-10*time.Minute)
				a := w.account(t)
				if len(a.Open) != 0 || len(a.Findings) != 1 || a.Findings[0].Outcome != row.outcome {
					t.Errorf("got %+v, want %s", a, row.outcome)
				}
			})
		})
	}
}
