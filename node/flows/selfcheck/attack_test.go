package selfcheck

import (
	"slices"
	"testing"
	"time"
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
// everybody else, and shows the county its true endorsement. The county learns within the hour that
// the province believes other keys than its own, also where the forged key set lists its own
// signing key, so that only what is encrypted goes to the city (S05e).
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
			if err != nil || sets[0].Hash() != forged.Hash() {
				t.Fatalf("sly %t: %s does not believe the forged keys: %v", sly, who, err)
			}
		}
		w.rounds(county, 4)
		v := w.view(county)
		if !slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.isAbout("guizhou", Differs) && !f.Lead }) {
			t.Errorf("sly %t: for two hours the province believed %s, and the county was told %+v", sly, forged.Pin().Fingerprint(), v)
		}
	}
}
