package federated_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/flows/callstest"
	"xietong/node/flows/federated"
	"xietong/node/ground/text"
)

// TestFormlessIsWithheld (A34): a city invents a sum and, each time that it is asked for what it
// was given, signs bytes of no form. Nobody else can have done that, so it is recorded as one that
// withheld, and not as one that nobody reached.
func TestFormlessIsWithheld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		w := &hiding{}
		w.world = callstest.New(t, callstest.Options{
			Counties: []identity.Jurisdiction{nanming, yunyan},
			Federated: func(p *place, in *relay.Registry) {
				if p.Name() == guiyang {
					p.Federated.ServeGarbage(in, p.Lists, func() { asked.Add(1) }, func(s *gather.Share) { s.Groups[0].Count = 1 })
					return
				}
				p.Federated.Serve(in, p.Lists)
			},
		})
		w.asker = w.At(nanming)
		w.ask(t)
		w.run(t, 25*time.Hour+time.Minute)
		a := w.account(t)
		if len(a.Open) != 0 || len(a.Findings) != 1 || asked.Load() < 25 {
			t.Fatalf("asked %d times, got %+v", asked.Load(), a)
		}
		if f := a.Findings[0]; f.Outcome != federated.Withheld || f.Hop != guiyang || f.Why == nil || f.Why.Code != text.AnswerRefused {
			t.Errorf("got %s of %s, %v, want %s", f.Outcome, f.Hop, f.Why, federated.Withheld)
		}
	})
}

// TestFormlessIsSilent: of a county that is said not to have answered, and signs bytes of no form
// when it is asked itself, it is told that it said nothing, and not that nobody reached it.
func TestFormlessIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &hiding{}
		w.world = callstest.New(t, callstest.Options{
			Counties: []identity.Jurisdiction{nanming, yunyan},
			Federated: func(p *place, in *relay.Registry) {
				if p.Name() == yunyan {
					p.Federated.ServeGarbage(in, p.Lists, func() {}, func(*gather.Share) {})
					return
				}
				p.Federated.Serve(in, p.Lists)
			},
		})
		w.asker = w.At(nanming)
		w.Breaks = func(_, to identity.Jurisdiction, kind envelope.Kind) (bool, bool) {
			return kind == envelope.Federated && to == yunyan, false
		}
		got, err := w.asker.Federated.Gather(t.Context(), newID(), by(water), wideNow())
		if err != nil || len(got.Audit.Themselves) != 1 {
			t.Fatalf("got %+v, %v", got.Audit, err)
		}
		w.run(t, 25*time.Hour+time.Minute)
		a := w.account(t)
		if len(a.Findings) != 1 || a.Findings[0].Hop != yunyan || a.Findings[0].Outcome != federated.Silent {
			t.Errorf("got %+v, want %s", a, federated.Silent)
		}
	})
}
