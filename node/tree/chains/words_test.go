package chains

import (
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

// TestWordOfALostLedger (S09d): a city withdraws a county, loses its ledger, begins another, whose
// entries count from 0 again, and invites the county anew. The withdrawal that is remembered
// overtakes older words for as long as one would be taken, and not for ever.
func TestWordOfALostLedger(t *testing.T) {
	began := time.UnixMilli(1_800_000_000_000)
	county, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	said := func(entry uint64, at time.Time) trust.Standing {
		return trust.Standing{Child: county, Entry: entry, Time: uint64(at.UnixMilli())}
	}
	w := words{}
	w.add(said(800, began), began)
	for after, want := range map[time.Duration]bool{time.Minute: true, wordsFor: true, wordsFor + time.Minute: false, 30 * 24 * time.Hour: false} {
		now := began.Add(after)
		if got := w.overtake(said(20, now), now); got != want {
			t.Errorf("%v later: overtaken %t, want %t", after, got, want)
		}
	}
}
