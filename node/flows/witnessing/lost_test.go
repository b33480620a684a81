package witnessing

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// TestChildSaysWhatIsLost: a city is told what its county names as lost, and how much of that it
// had witnessed: all of what is lost, and nearly nothing of what is made up.
func TestChildSaysWhatIsLost(t *testing.T) {
	w := newWorld(t, three[1:]...)
	city, county := w.at(three[1]), w.at(three[2])
	county.does(2)
	backup, from := county.copied(), county.size()
	county.does(3)
	w.round()
	w.round()
	to := city.of(county).Kept
	county.becomes(backup)
	w.round()
	county.goesOn(from)
	w.round()
	w.round()
	one := Lost{Epoch: 2, Before: 1, Entry: county.Log().Entry(from), From: from, To: to, Seen: to - from}
	if got := city.of(county).Lost; !slices.Equal(got, []Lost{one}) {
		t.Errorf("got %+v, want %+v", got, one)
	}
	more := ledger.Checkpoint{Log: county.Log(), Size: county.size() + 1, Root: tlog.Hash{1}}
	county.Doubt(host.Seen{By: city.name, Checkpoint: more, Note: must2(ledger.SignCheckpoint(more, county.Host))(t)})
	at, kept := county.size(), city.of(county).Kept
	must2(county.BeginEpoch(t.Context(), must2(identity.NewMessage())(t), "r", host.Lost{From: 1, To: 1 << 40}))(t)
	must2(0, county.SettleEpoch(t.Context(), county.Log().Epoch(), true))(t)
	must2(0, county.RenewKeys(t.Context(), func(uint64) bool { return true }))(t)
	w.elapse(time.Hour)
	w.round()
	w.round()
	two := Lost{Epoch: 3, Before: 2, Entry: county.Log().Entry(at), From: 1, To: 1 << 40, Seen: kept - 1}
	if one.Entry = county.Names().Entry(one.Entry.Index()); !slices.Equal(city.of(county).Lost, []Lost{one, two}) {
		t.Errorf("got %+v, want %+v, %+v", city.of(county).Lost, one, two)
	}
}

// TestHeadsThatEndEarly (C34): the heads of a log that an epoch lost may end before the entry that
// is named as the first lost one. What they tell comes back where they are looked for from the
// beginning, as those of a log between are.
func TestHeadsThatEndEarly(t *testing.T) {
	w := newWorld(t, three[1:]...)
	city, county := w.at(three[1]), w.at(three[2])
	county.does(3)
	w.round()
	backup, from := county.copied(), county.size()
	county.does(5)
	w.round()
	want := county.acts(from)
	county.says(3)
	w.elapse(time.Hour)
	must2(0, county.desk.show(t.Context(), city.name))(t) // their heads do not go up any more
	county.becomes(backup)
	county.says(30)
	seen := must2(county.desk.Largest(t.Context()))(t)[0]
	acts, same, err := county.desk.Heads(t.Context(), seen, 0)
	if code(err) != text.HeadsMissing || len(acts) != len(want) || same.UpTo != from || !same.Differs {
		t.Errorf("got %d acts, same %+v, %v, want %d acts from %d on", len(acts), same, err, len(want), from)
	}
}
