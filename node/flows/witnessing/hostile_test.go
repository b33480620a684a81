package witnessing

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/witness"
	"xietong/node/ground/text"
)

// shows has a place show an offer to another, and returns what comes of it.
func (p *place) shows(to *place, o witness.Offer) (found, error) {
	p.w.t.Helper()
	return ask(p.w.t.Context(), p.desk, operationWitness, to.name, o)
}

func (p *place) offers(old uint64) witness.Offer {
	p.w.t.Helper()
	return must2(p.desk.offer(p.w.t.Context(), crossing{old: old}))(p.w.t).o
}

// TestHostileChild shows a city what proves nothing. It keeps nothing of it, writes nothing, and
// finds no fork in an honest neighbour (W03).
func TestHostileChild(t *testing.T) {
	w := newWorld(t, "guiyang.guizhou", "nanming.guiyang.guizhou", "yunyan.guiyang.guizhou", "wudang.elsewhere")
	city, county, other, stranger := w.at("guiyang.guizhou"), w.at("nanming.guiyang.guizhou"), w.at("yunyan.guiyang.guizhou"), w.at("wudang.elsewhere")
	county.says(3)
	w.round()
	kept, entries := city.of(county).Kept, city.size()
	county.says(3)
	w.elapse(time.Hour)
	good := county.offers(kept)
	garbage := must2(county.desk.offer(t.Context(), crossing{old: kept}))(t)
	g := must2(ledger.ParseGrowth(garbage.o.Growth))(t)
	g.Path[0][3] ^= 1
	for name, tc := range map[string]struct {
		by   *place
		o    witness.Offer
		want text.Code
	}{
		"a proof of garbage":          {county, witness.Offer{Growth: g.Encode(), Was: good.Was}, text.CheckpointRefused},
		"another root before":         {county, witness.Offer{Growth: good.Growth, Was: [32]byte{1}}, text.CheckpointRefused},
		"another's log":               {other, good, text.CheckpointRefused},
		"its log, by another":         {county, other.offers(0), text.CheckpointRefused},
		"nothing":                     {county, witness.Offer{}, text.CheckpointRefused},
		"a stranger's log":            {stranger, stranger.offers(0), text.NoWitness},
		"more than an offer may hold": {county, witness.Offer{Growth: make([]byte, witness.MaxOfferLen+1)}, text.CheckpointRefused},
	} {
		if tc.by == stranger { // whom the city does not know
			delete(w.places, stranger.name)
		}
		r, err := tc.by.shows(city, tc.o)
		if code(err) != tc.want {
			t.Errorf("%s: got %+v, %v, want %s", name, r, err, tc.want)
		}
		w.places[stranger.name] = stranger
	}
	w.ended[county.name] = true
	if r, err := county.shows(city, good); code(err) != text.CheckpointRefused {
		t.Errorf("under keys that count no more: got %+v, %v", r, err)
	}
	w.ended[county.name] = false
	if got := city.of(county).Kept; got != kept || city.size() != entries || len(city.findings()) > 0 {
		t.Errorf("the city keeps %d entries, has %d of its own, and finds %+v", got, city.size(), city.findings())
	}
	if r, err := county.shows(city, good); err != nil || r.Verdict != witness.Larger {
		t.Errorf("what is good: got %+v, %v", r, err)
	}
}

// TestHostileWitness: a parent answers with what it cannot have. Nothing of it is kept, and nobody
// is alarmed about the own ledger (W05).
func TestHostileWitness(t *testing.T) {
	w := newWorld(t, "guiyang.guizhou", "nanming.guiyang.guizhou")
	city, county := w.at("guiyang.guizhou"), w.at("nanming.guiyang.guizhou")
	county.says(3)
	note := must2(county.Follow(t.Context(), 0))(t).Signed
	cityNote := must2(city.Follow(t.Context(), 0))(t).Signed
	forged := bytes.Replace(note, fmt.Appendf(nil, "\n%d\n", county.size()), []byte("\n9\n"), 1)
	line := func(name identity.Jurisdiction, at time.Time) []byte {
		c := must2(county.Follow(t.Context(), 0))(t).Checkpoint
		return must2(ledger.Cosign(c, name, uint64(at.Unix()), city.Host))(t)
	}
	for name, f := range map[string]found{
		"no cosignature":                {Verdict: witness.Larger},
		"one in another's name":         {Verdict: witness.Larger, Line: line(county.name, w.now())},
		"one of last year":              {Verdict: witness.Larger, Line: line(city.name, w.now().Add(-365*24*time.Hour))},
		"a fork without evidence":       {Verdict: witness.Forked, Kept: note},
		"a fork, and nothing":           {Verdict: witness.Forked},
		"a fork of one history":         {Verdict: witness.Forked, Fork: witness.Fork{Kept: note, Shown: county.offers(3)}.Encode()},
		"a larger one that is forged":   {Verdict: witness.Behind, Kept: forged},
		"a checkpoint of its own":       {Verdict: witness.Elsewhere, Kept: cityNote},
		"always from elsewhere":         {Verdict: witness.Elsewhere, Kept: note},
		"a verdict that there is none":  {Verdict: 9},
		"a note that is longer than it": {Verdict: witness.Behind, Kept: make([]byte, witness.MaxNote+1)},
	} {
		city.answers = func(string, []byte) []byte { return must2(canon.Marshal(f))(t) }
		if err := county.desk.show(t.Context(), city.name); err == nil {
			t.Errorf("%s: taken", name)
		}
		if v := county.of(city); v.Cosigned > 0 || len(county.findings()) > 0 || len(county.heads(ledger.KindFork)) > 0 {
			t.Errorf("%s: cosigned %d, found %+v", name, v.Cosigned, county.findings())
		}
	}
	stranger := newWorld(t, "zunyi.guizhou").at("zunyi.guizhou")
	foreign := must2(stranger.Follow(t.Context(), 0))(t).Signed
	for name, told := range map[string]largest{
		"another's": {Kept: []seen{{Note: foreign, At: 1}}}, "none": {Kept: []seen{{Note: []byte("x"), At: 1}}},
		"forged": {Kept: []seen{{Note: forged, At: 1}}},
	} {
		city.answers = func(string, []byte) []byte { return must2(canon.Marshal(told))(t) }
		got, err := county.desk.Largest(t.Context())
		for _, s := range got {
			if s.Proven {
				t.Errorf("%s: taken as proven: %+v, %v", name, s, err)
			}
		}
	}
}
