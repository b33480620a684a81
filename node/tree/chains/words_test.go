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

// TestWithdrawalInALaterLedger (S09e): a withdrawal of long ago, by an entry of the endorser's
// former ledger, keeps nobody from remembering one in the ledger that began anew.
func TestWithdrawalInALaterLedger(t *testing.T) {
	w, began := words{}, time.UnixMilli(1_800_000_000_000)
	child, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	said := func(entry uint64, at time.Time) trust.Standing {
		return trust.Standing{Child: child, Entry: entry, Time: uint64(at.UnixMilli())}
	}
	w.add(said(1000, began), began)
	now := began.AddDate(1, 0, 0)
	w.add(said(20, now), now)
	if !w.overtake(said(5, now.Add(-time.Minute)), now.Add(time.Minute)) {
		t.Error("an older standing undoes the withdrawal by entry 20")
	}
}
