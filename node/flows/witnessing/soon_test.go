package witnessing

import (
	"testing"
	"time"

	"xietong/consensus/ledger"
	"xietong/consensus/witness"
	"xietong/node/ground/text"
)

// TestNoted: what a county shows within the minute after it was kept counts at once, and costs no
// entry: it is told when the county asks, and a copy that is shorter, or goes on elsewhere, is
// found by it. With the next minute it is kept and logged, also where the county is gone (W16).
func TestNoted(t *testing.T) {
	for name, look := range map[string]func(city, county *place, backup string, noted uint64){
		"the county is gone": func(city, county *place, _ string, noted uint64) {
			county.down.Store(true)
			city.w.elapse(every)
			city.desk.keepNoted(city.w.t.Context())
			if got := city.of(county).Kept; got != noted || len(city.heads(ledger.KindWitnessed)) != 2 {
				city.w.t.Errorf("the city keeps %d entries in %d, and saw %d", got, len(city.heads(ledger.KindWitnessed)), noted)
			}
			city.desk.keepNoted(city.w.t.Context())
			if n := len(city.heads(ledger.KindWitnessed)); n != 2 {
				city.w.t.Errorf("it is kept once more: %d entries", n)
			}
		},
		"the county goes on": func(city, county *place, _ string, _ uint64) {
			county.says(1)
			county.witnessed(city)
		},
		"a backup": func(city, county *place, backup string, noted uint64) {
			county.becomes(backup)
			_ = county.desk.show(city.w.t.Context(), city.name)
			city.w.elapse(within)
			_ = county.desk.show(city.w.t.Context(), city.name)
			if f := city.findings(); len(f) != 1 || f[0].Kept != noted || county.Questioned() == nil {
				city.w.t.Errorf("the city finds %+v, and saw %d; in question: %v", f, noted, county.Questioned())
			}
		},
		"another history": func(city, county *place, backup string, noted uint64) {
			county.becomes(backup)
			county.says(9)
			_ = county.desk.show(city.w.t.Context(), city.name)
			if f := city.findings(); len(f) != 1 || f[0].Kept > 0 || f[0].Size != noted {
				city.w.t.Errorf("the city finds %+v, and saw %d", f, noted)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, three[1:]...)
			city, county := w.at(three[1]), w.at(three[2])
			county.says(2)
			w.round()
			kept, backup := city.of(county).Kept, county.copied()
			var noted uint64
			for range 3 { // each is proven from the one before
				county.says(1)
				w.elapse(pause)
				if err := county.desk.show(t.Context(), city.name); err != nil {
					t.Fatal(err)
				}
				noted = county.size()
			}
			if v := city.of(county); v.Kept != kept || len(city.heads(ledger.KindWitnessed)) != 1 {
				t.Errorf("the city keeps %d entries, want %d", v.Kept, kept)
			}
			if v := county.of(city); v.Cosigned != kept {
				t.Errorf("%d entries are cosigned that are not kept", v.Cosigned)
			}
			seen := must2(county.desk.Largest(t.Context()))(t)
			if len(seen) != 1 || seen[0].Checkpoint.Size != noted || !seen[0].Proven {
				t.Errorf("the city tells %+v, and saw %d entries", seen, noted)
			}
			look(city, county, backup, noted)
		})
	}
}

// TestSaw: a checkpoint that came with something else, such as a receipt, counts as one that was
// shown, if a majority signed it. One of another tree is a fork (W16).
func TestSaw(t *testing.T) {
	w := newWorld(t, three...)
	city, county := w.at(three[1]), w.at(three[2])
	county.says(2)
	w.round()
	backup, kept := county.copied(), city.of(county).Kept
	county.says(3)
	note := must2(county.Follow(t.Context(), 0))(t).Signed
	saw := func(p *place, note []byte) {
		t.Helper()
		if err := city.desk.Saw(t.Context(), p.name, note); err != nil {
			t.Error(err)
		}
	}
	w.elapse(time.Second)
	saw(county, note)
	saw(county, note)
	if k, ok := city.desk.noted(county.Log()); !ok || k.Size != county.size() || k.Size <= kept {
		t.Errorf("the city remembers %+v of %d entries", k, county.size())
	}
	if err := city.desk.Saw(t.Context(), county.name, must2(city.Follow(t.Context(), 0))(t).Signed); err == nil {
		t.Error("a note of another ledger is taken")
	}
	stranger := newWorld(t, three[2]).at(three[2])
	stranger.says(40)
	if err := city.desk.Saw(t.Context(), county.name, must2(stranger.Follow(t.Context(), 0))(t).Signed); err == nil {
		t.Error("a note by other keys is taken")
	}
	size := county.size()
	county.becomes(backup)
	county.says(3)
	if county.size() != size {
		t.Fatalf("there are %d entries, want %d", county.size(), size)
	}
	saw(county, must2(county.Follow(t.Context(), 0))(t).Signed)
	f := city.findings()
	if len(f) != 1 || f[0].Kept > 0 || f[0].Size != size {
		t.Fatalf("the city finds %+v", f)
	}
	if _, _, err := witness.OpenFork(f[0].Evidence, county.name, county.keys()); err != nil {
		t.Error(err)
	}
}

// TestFlood: a neighbour that shows checkpoint after checkpoint makes the city write one a minute,
// and is refused for itself alone (W04).
func TestFlood(t *testing.T) {
	w := newWorld(t, "guiyang.guizhou", "nanming.guiyang.guizhou", "yunyan.guiyang.guizhou")
	city, county, other := w.at("guiyang.guizhou"), w.at("nanming.guiyang.guizhou"), w.at("yunyan.guiyang.guizhou")
	refused, noted := 0, 0
	for range 2 * mostAtOnce {
		county.says(1)
		old := city.of(county).Kept
		if k, ok := city.desk.noted(county.Log()); ok {
			old = k.Size
		}
		switch r, err := county.shows(city, county.offers(old)); {
		case code(err) == text.Busy:
			refused++
		case err != nil:
			t.Fatal(err)
		case r.Verdict == witness.Noted && len(r.Line) == 0:
			noted++
		}
	}
	if got := city.heads(ledger.KindWitnessed); len(got) != 1 || refused < mostAtOnce/2 || refused+noted != 2*mostAtOnce-1 {
		t.Errorf("the city wrote %d entries, refused %d and noted %d of %d", len(got), refused, noted, 2*mostAtOnce)
	}
	if r, err := other.shows(city, other.offers(0)); err != nil || r.Verdict != witness.Larger {
		t.Errorf("another: got %+v, %v", r, err)
	}
	w.elapse(every)
	city.desk.keepNoted(t.Context())
	if got := city.heads(ledger.KindWitnessed); len(got) != 3 {
		t.Errorf("the city wrote %d entries a minute later", len(got))
	}
}
