package selfcheck

import (
	"context"
	"slices"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
	"xietong/node/tree/treetest"
)

var five = []string{"guizhou", "guiyang.guizhou", "zunyi.guizhou", "nanming.guiyang.guizhou", "meitan.zunyi.guizhou"}

// rounds lets a place ask n times, half an hour apart, or sooner where it would.
func (w *world) rounds(p *place, n int) {
	w.t.Helper()
	for range n {
		wait := Every
		if p.desk.isAgain() {
			wait = Confirm
		}
		w.elapse(wait)
		p.heard = w.now()
		if err := p.upkeep.Anew(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		if err := p.desk.Round(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) view(p *place) View {
	w.t.Helper()
	return must2(p.desk.View(w.t.Context()))(w.t)
}

func (f Finding) isAbout(who string, v Verdict) bool { return f.Who.String() == who && f.Verdict == v }

// TestParentSpeaksForItsChild: a city makes keys under its county's name, endorses them to
// everybody else, and shows the county its true endorsement. Who knew the county does not believe
// them, but nobody believes the county any more. It learns within the hour that the province was
// shown other keys than its own, also where the forged key set lists its own signing key, so that
// only what is encrypted would go to the city (S05e).
func TestParentSpeaksForItsChild(t *testing.T) {
	for _, sly := range []bool{false, true} {
		w := newWorld(t, five...)
		city, county := w.at("guiyang.guizhou"), w.at("nanming.guiyang.guizhou")
		w.rounds(county, 6)
		if v := w.view(county); len(v.Findings) > 0 || len(v.Asked) < 2 {
			t.Errorf("sly %t: before, got %+v", sly, v)
		}
		forged := w.usurp(city, county, sly)
		for _, who := range []string{"guizhou", "meitan.zunyi.guizhou"} {
			w.elapse(11 * time.Minute)
			sets, err := w.at(who).chains.KeySets(t.Context(), county.Name(), false)
			switch {
			case treetest.Code(err) == text.KeysChanged: // it knew the county
			case err != nil || sets[0].Hash() != forged.Hash():
				t.Fatalf("sly %t: %s does not have the forged keys: %v", sly, who, err)
			}
		}
		w.rounds(county, 4)
		v := w.view(county)
		if !slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.isAbout("guizhou", Differs) && !f.Lead }) {
			t.Errorf("sly %t: for two hours the province had %s, and the county was told %+v", sly, forged.Pin().Fingerprint(), v)
		}
	}
}

// TestParentTellsTheTruthWhenWatched: the city sees the county's question pass, and answers the
// province by the truth as long as it may be about that; at any other time it shows the forged
// keys. The province remembers what it was shown, and says so (S05g).
func TestParentTellsTheTruthWhenWatched(t *testing.T) {
	for _, sly := range []bool{false, true} {
		w := newWorld(t, five...)
		city, county, province := w.at("guiyang.guizhou"), w.at("nanming.guiyang.guizhou"), w.at("guizhou")
		truth := city.door.Prove
		w.usurp(city, county, sly)
		lie, watched := city.door.Prove, false
		city.door.Prove = func(ctx context.Context, peer identity.Jurisdiction, wanted door.Wanted) ([]trust.Level, error) {
			if watched {
				return truth(ctx, peer, wanted)
			}
			return lie(ctx, peer, wanted)
		}
		w.elapse(time.Hour)
		if _, err := province.chains.KeySets(t.Context(), county.Name(), false); err != nil { // for a question of its own
			t.Fatal(err)
		}
		province.chains.Told(city.Name(), county.Name()) // the city has it forget
		w.elapse(15 * time.Minute)
		watched = true
		w.rounds(county, 2)
		v := w.view(county)
		if !slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.isAbout("guizhou", Differs) && !f.Lead }) {
			t.Errorf("sly %t: the province was shown other keys an hour ago, and the county was told %+v", sly, v)
		}
	}
}

// TestWaitingKeysAreFound: the city shows the province forged keys, which wait there, while the
// province believes the county by its true ones still. It says at the next question what waits, and
// the county is alarmed while it can object (S05l).
func TestWaitingKeysAreFound(t *testing.T) {
	for _, sly := range []bool{false, true} {
		w := newWorld(t, five...)
		city, county, province := w.at("guiyang.guizhou"), w.at("nanming.guiyang.guizhou"), w.at("guizhou")
		w.rounds(county, 1)
		forged := w.usurp(city, county, sly)
		w.elapse(3 * time.Minute)
		if _, err := province.chains.KeySets(t.Context(), county.Name(), true); treetest.Code(err) != text.KeysChanged {
			t.Fatalf("sly %t: got %v", sly, err)
		}
		county.desk = New(county.desk.o)
		if err := county.desk.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		v := w.view(county)
		if len(v.Findings) != 1 || !v.Findings[0].isAbout("guizhou", Differs) || v.Findings[0].Lead || v.Findings[0].Fingerprint() != forged.Pin().Fingerprint() {
			t.Errorf("sly %t: %s waits at the province, and the county was told %+v", sly, forged.Pin().Fingerprint(), v)
		}
	}
}
