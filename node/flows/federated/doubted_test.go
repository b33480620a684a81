package federated_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/business/catalog"
	"xietong/node/flows/callstest"
	"xietong/node/flows/federated"
	"xietong/node/ground/text"
)

// TestHopLeavesNoTime (S15d): a hop hands the question over with no time left, so that whoever gets
// it signs that it cannot answer. It signs who handed it over so. The county is asked itself: it
// says that it gave no answer or, where the hop handed the question over once more, shows the
// answer that the hop did not take. Of an honest city the word stands beside that of its county.
func TestHopLeavesNoTime(t *testing.T) {
	for what, row := range map[string]struct {
		at    identity.Jurisdiction // to whom no time is left
		left  uint32                // ms
		twice bool
		by    identity.Jurisdiction // who says why the county is missing
		want  federated.Outcome
	}{
		"the county":                   {at: yunyan, by: yunyan, want: federated.Declined},
		"the county, then with time":   {at: yunyan, twice: true, by: yunyan, want: federated.Answered},
		"the city, which stays honest": {at: guiyang, left: 1, by: guiyang, want: federated.NotAsked},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := callstest.New(t, callstest.Options{Counties: []identity.Jurisdiction{nanming, yunyan}})
				asker, began := w.At(nanming), time.Now()
				time.Sleep(envelope.MaxSkew)
				w.At(yunyan).Federated.UpSince = func() time.Time { return began }
				w.Late = func(_, to identity.Jurisdiction, kind envelope.Kind) (uint32, bool) {
					return row.left, to == row.at && kind == envelope.Federated
				}
				got := gatherLong(t, asker)
				if !slices.Contains(got.Audit.Themselves, yunyan) || len(got.Audit.Lies) > 0 {
					t.Fatalf("got %+v, missing %+v", got.Audit, got.Missing)
				}
				if row.twice {
					frames := w.Frames()
					federated := func(frame []byte) bool { return must(envelope.Decode(frame)).Header().Kind == envelope.Federated }
					w.At(yunyan).Serve(t, guiyang, frames[slices.IndexFunc(frames, federated)])
				}
				f := findingOf(t, asker, got, yunyan)
				hop, _ := row.at.Parent()
				if row.at == guiyang {
					hop = nanming
				}
				if f.Outcome != row.want || f.By != row.by || f.State != gather.Late || f.Said == nil || f.Said.Code != text.Hurried || f.Said.Args["by"] != hop.String() {
					t.Errorf("got %+v, said %+v, want %s", f, f.Said, row.want)
				}
			})
		})
	}
}

// TestLeftOutInOtherWords (S15e): a city says in its own name that a county has not joined, or
// refuses. The county, which is endorsed, is asked itself. That it does not offer the data it can
// only say itself: a share in which the city says so is none.
func TestLeftOutInOtherWords(t *testing.T) {
	for what, row := range map[string]struct {
		why  gather.Why
		none bool
	}{
		"not joined":  {why: gather.Why{State: gather.NotJoined, By: guiyang}},
		"refused":     {why: gather.Why{State: gather.Refused, By: guiyang, Code: text.Number(text.GrantNeeded), Args: []string{"villages", "civil-affairs"}}},
		"not offered": {why: gather.Why{State: gather.NotOffered, By: guiyang, Code: text.Number(text.UnknownDataset), Args: []string{"villages", yunyan.String()}}, none: true},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { leftOutAs(t, row.why, row.none) })
		})
	}
}

func leftOutAs(t *testing.T, why gather.Why, none bool) {
	w := callstest.New(t, callstest.Options{
		Counties: []identity.Jurisdiction{nanming, yunyan},
		Federated: func(p *place, in *relay.Registry) {
			p.Federated.ServeLying(in, p.Lists, func(s *gather.Share) {
				if i := slices.IndexFunc(s.Missing, func(m gather.Missing) bool { return m.Name == yunyan }); i >= 0 && p.Name() == guiyang {
					s.Missing[i].Why = why
				}
			})
			if p.Name() != guiyang {
				p.Federated.ServeAnswered(in)
			}
		},
	})
	asker, began := w.At(nanming), time.Now()
	time.Sleep(envelope.MaxSkew)
	w.At(yunyan).Federated.UpSince = func() time.Time { return began }
	w.Breaks = func(_, to identity.Jurisdiction, kind envelope.Kind) (bool, bool) {
		return kind == envelope.Federated && to == yunyan, false
	}
	q := wideNow()
	got, err := asker.Federated.Gather(t.Context(), newID(), by(water), q)
	if none {
		refused(t, "a share that says what only the county can say", err, text.ShareRefused)
		return
	}
	if err != nil || !slices.Equal(got.Audit.Themselves, []identity.Jurisdiction{yunyan}) {
		t.Fatalf("got %+v, missing %+v, %v", got.Audit, got.Missing, err)
	}
	if f := findingOf(t, asker, got, yunyan); f.Outcome != federated.NotAsked || f.By != guiyang || f.State != why.State {
		t.Errorf("got %+v, want %s", f, federated.NotAsked)
	}
}

// gatherLong asks everybody, with an application that does not end within the test.
func gatherLong(t *testing.T, asker *place) federated.Gathered {
	t.Helper()
	q := wideNow()
	return must(asker.Federated.Gather(t.Context(), newID(), by(water), q))
}

// findingOf has the asker ask again for two hours, and returns what came of one jurisdiction.
func findingOf(t *testing.T, asker *place, got federated.Gathered, of identity.Jurisdiction) federated.Finding {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { asker.Federated.Run(ctx) })
	time.Sleep(2 * time.Hour)
	cancel()
	done.Wait()
	a := must(asker.Federated.Account(t.Context(), catalog.Actor{}, got.Asked))
	i := slices.IndexFunc(a.Findings, func(f federated.Finding) bool { return f.Hop == of })
	if len(a.Open) > 0 || i < 0 {
		t.Fatalf("got %+v", a)
	}
	return a.Findings[i]
}
