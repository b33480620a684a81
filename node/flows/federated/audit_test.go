package federated_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/flows/callstest"
	"xietong/node/ground/text"
)

// without returns a world of three counties in which the places do not serve what they do not
// register, and in which the city changes its shares by lie.
func without(t *testing.T, register map[identity.Jurisdiction]func(*place, *relay.Registry), lie func(*gather.Share)) *world {
	t.Helper()
	return callstest.New(t, callstest.Options{
		Counties: []identity.Jurisdiction{nanming, yunyan, baiyun},
		Federated: func(p *place, in *relay.Registry) {
			switch special := register[p.Name()]; {
			case special != nil:
				special(p, in)
			case p.Name() == guiyang:
				p.Federated.ServeLying(in, p.Lists, lie)
			default:
				p.Federated.Serve(in, p.Lists)
			}
		},
	})
}

func nothing(*place, *relay.Registry) {}

// TestRefusalIsShown: a county refuses the question itself. The city lists the signed refusal,
// keeps it, and shows it in the audit; a city that tells it in other words, or does not list it, is
// found (S15).
func TestRefusalIsShown(t *testing.T) {
	refuses := map[identity.Jurisdiction]func(*place, *relay.Registry){yunyan: nothing}
	for what, row := range map[string]struct {
		lie   func(*gather.Share)
		lies  string
		taken bool
	}{
		"as it is":    {func(*gather.Share) {}, "[]", true},
		"other words": {func(s *gather.Share) { s.Missing[0].Args = []string{"an invented ground"} }, "[{guiyang.guizhou altered yunyan.guiyang.guizhou}]", true},
		"another law": {func(s *gather.Share) { s.Missing[0].State, s.Missing[0].Code = gather.Refused, 24 }, "[{guiyang.guizhou altered yunyan.guiyang.guizhou}]", true},
		"not listed": {func(s *gather.Share) {
			s.Shares = slices.DeleteFunc(s.Shares, func(l gather.Listed) bool { return l.Child == yunyan })
		}, "", false},
	} {
		w := without(t, refuses, row.lie)
		got, err := w.At(nanming).Federated.Gather(t.Context(), newID(), by(water), wide())
		if !row.taken {
			refused(t, what, err, text.ShareRefused)
			continue
		}
		if err != nil || got.Answered != 2 || len(got.Missing) != 1 || fmt.Sprint(got.Audit.Lies) != row.lies {
			t.Errorf("%s: got %+v, %v, want the lies %s", what, got, err, row.lies)
			continue
		}
		if m := got.Missing[0]; m.Name != yunyan || m.By != yunyan || row.lies == "[]" && m.Code != text.Number(text.UnknownOperation) {
			t.Errorf("%s: got %+v", what, m)
		}
		if i := slices.IndexFunc(got.Shares, func(l gather.Listed) bool { return l.Child == yunyan }); got.Shares[i].Outcome != gather.Declined {
			t.Errorf("%s: listed as %v", what, got.Shares[i])
		}
	}
}

// TestNotShownIsTold (S03b): a hop that shows nothing is told with the total, and so are those
// whose shares it lists: the audit of everything is never silent (S03).
func TestNotShownIsTold(t *testing.T) {
	w := without(t, map[identity.Jurisdiction]func(*place, *relay.Registry){
		guiyang: func(p *place, in *relay.Registry) { p.Federated.ServeHiding(in, p.Lists) },
	}, nil)
	got, err := w.At(nanming).Federated.Gather(t.Context(), newID(), by(water), wide())
	want := []identity.Jurisdiction{guiyang, baiyun, nanming, yunyan}
	if err != nil || got.Answered != 3 || len(got.Audit.Hops)+len(got.Audit.Leaves) > 0 || !slices.Equal(got.Audit.Unseen, want) {
		t.Errorf("got %+v, %v, want that nothing of %v was seen", got.Audit, err, want)
	}
}

// TestEveryHopIsTold: the audit of everything says of each whether it was compared or is a leaf.
func TestEveryHopIsTold(t *testing.T) {
	w := without(t, nil, func(*gather.Share) {})
	got, err := w.At(nanming).Federated.Gather(t.Context(), newID(), by(water), wide())
	leaves := []identity.Jurisdiction{baiyun, nanming, yunyan}
	if err != nil || !slices.Equal(got.Audit.Hops, []identity.Jurisdiction{guiyang}) || !slices.Equal(got.Audit.Leaves, leaves) || len(got.Audit.Unseen) > 0 {
		t.Errorf("got %+v, %v", got.Audit, err)
	}
}

// TestSample: a sample is drawn anew for each answer, when it is recorded, and any child may be in
// it, leaves included (S06).
func TestSample(t *testing.T) {
	counties := []identity.Jurisdiction{nanming, yunyan, baiyun}
	for i := range 3 {
		counties = append(counties, callstest.Name(fmt.Sprintf("c%d.guiyang.guizhou", i)))
	}
	w := callstest.New(t, callstest.Options{Counties: counties})
	q := wide()
	q.Audit = false
	seen, samples := map[identity.Jurisdiction]bool{}, map[string]bool{}
	for range 30 {
		got, err := w.City.Federated.Gather(t.Context(), newID(), by(water), q)
		if err != nil || len(got.Audit.Leaves) != 3 || len(got.Audit.Hops) != 1 {
			t.Fatalf("got %+v, %v", got.Audit, err)
		}
		slices.SortFunc(got.Audit.Leaves, func(a, b identity.Jurisdiction) int { return len(a.String()) - len(b.String()) })
		samples[fmt.Sprint(got.Audit.Leaves)] = true
		for _, leaf := range got.Audit.Leaves {
			seen[leaf] = true
		}
	}
	if len(seen) != len(counties) || len(samples) < 2 {
		t.Errorf("%d of %d counties were ever in the sample, in %d ways", len(seen), len(counties), len(samples))
	}
}

// TestRosterNotHere: a question that counts against a roster which the destination does not have is
// refused, and nothing is measured (vii).
func TestRosterNotHere(t *testing.T) {
	w := newWorld(t)
	before := w.City.Size(t)
	for what, roster := range map[string]map[int]any{
		"a later number": {3: wide().Question, 5: 99, 6: make([]byte, 32)},
		"another hash":   {3: wide().Question, 5: 1, 6: slices.Repeat([]byte{7}, 32)},
	} {
		_, err := w.County.Asker().Federate(t.Context(), newID(), guiyang, envelope.Call{
			Operation: callstest.Label("gather"), Agency: water, Purpose: callstest.Label(purpose), Parameters: must(canon.Marshal(roster)),
		})
		refused(t, what, err, text.RosterAbsent)
	}
	if after := w.City.Size(t); after != before {
		t.Errorf("%d entries were made", after-before)
	}
}

// TestLevelIsTheAskers (S32): the jurisdiction that is asked does not choose, by the standard that
// it has set, who has to answer.
func TestLevelIsTheAskers(t *testing.T) {
	w := measured(t, nil)
	q := asked(gather.Count)
	got, err := w.City.Federated.Gather(t.Context(), newID(), by(water), q)
	if err != nil || got.Level != "county" {
		t.Errorf("by its own standard: level %q, %v", got.Level, err)
	}
	q.Application = applied
	got, err = w.County.Federated.Gather(t.Context(), newID(), by(water), q)
	if err != nil || got.Level != "" || got.Answered != 3 {
		t.Errorf("by another's: level %q, %v", got.Level, err)
	}
}

// TestBesideTheRoster: a county that the roster does not list is told beside the total, with what
// its records come to. One that a hop invents is told as one of which no endorsement is found, and
// the audit finds it (S24).
func TestBesideTheRoster(t *testing.T) {
	invented := func(n int) func(*gather.Share) {
		return func(s *gather.Share) {
			for i := range n {
				e := s.Extra[0]
				e.Name = callstest.Name(fmt.Sprintf("n%04d.nanming.guiyang.guizhou", i))
				s.Extra = append(s.Extra, e)
			}
			slices.SortFunc(s.Extra, func(a, b gather.Extra) int { return strings.Compare(a.Name.String(), b.Name.String()) })
		}
	}
	for n, lies := range map[int]string{0: "[]", 1: "[{guiyang.guizhou altered nanming.guiyang.guizhou}]"} {
		w := callstest.New(t, callstest.Options{
			Counties: []identity.Jurisdiction{nanming, yunyan}, Unlisted: []identity.Jurisdiction{yunyan},
			Federated: func(p *place, in *relay.Registry) { p.Federated.ServeLying(in, p.Lists, lieAt(p, invented(n))) },
		})
		w.NoKeys = func(of identity.Jurisdiction) error {
			if len(of.String()) > len(nanming.String()) {
				return errors.New("nobody endorsed it")
			}
			return nil
		}
		got, err := w.At(nanming).Federated.Gather(t.Context(), newID(), by(water), wide())
		if err != nil || got.Total() != 1 || got.Answered != 1 || len(got.Extra) != 1+n || fmt.Sprint(got.Audit.Lies) != lies || len(got.Audit.Unproven) != n {
			t.Errorf("%d invented: got %+v, %v", n, got, err)
			continue
		}
		if e := got.Extra[n]; e.Name != yunyan || e.Records.Count != 1 {
			t.Errorf("%d invented: got %+v beside the roster", n, e)
		}
	}
}

// lieAt returns the lie at the city, and none elsewhere.
func lieAt(p *place, lie func(*gather.Share)) func(*gather.Share) {
	if p.Name() == guiyang {
		return lie
	}
	return func(*gather.Share) {}
}

// TestNoKeysIsNoLie: where the keys of a child cannot be found when its parent is audited, or are
// others by then, the parent is told as not audited, and not as a liar.
func TestNoKeysIsNoLie(t *testing.T) {
	for _, revoked := range []bool{false, true} {
		w := measured(t, nil)
		asked := 0
		later := func(of identity.Jurisdiction) bool { // the city itself had them when it added up
			if of == nanming {
				asked++
			}
			return of == nanming && asked > 1
		}
		w.NoKeys = func(of identity.Jurisdiction) error {
			if !revoked && later(of) {
				return errors.New("find the chain: no link")
			}
			return nil
		}
		w.Revoked = func(of identity.Jurisdiction) bool { return revoked && later(of) }
		got, err := w.At(yunyan).Federated.Gather(t.Context(), newID(), by(water), wide())
		if err != nil || len(got.Audit.Lies) > 0 || !slices.Equal(got.Audit.Unseen, []identity.Jurisdiction{guiyang, nanming}) {
			t.Errorf("revoked %t: got %+v, %v", revoked, got.Audit, err)
		}
	}
}

// TestNobodysKey (S15c): a hop shows an answer that is signed with a key which nobody has. It is
// told as just that: not as an answer that was not shown, nor as a lie of the hop or of the child,
// since the child may have had the key. It is asked for again, as the key may yet be found.
func TestNobodysKey(t *testing.T) {
	w, asked := measured(t, nil), 0
	w.Strange = func(of identity.Jurisdiction) bool {
		if of == nanming {
			asked++
		}
		return of == nanming && asked > 1 // the city itself had the key when it added up
	}
	got, err := w.At(yunyan).Federated.Gather(t.Context(), newID(), by(water), wide())
	a, want := got.Audit, []gather.Lie{{By: guiyang, Kind: gather.Unsigned, About: nanming}}
	if err != nil || len(a.Lies)+len(a.Unseen)+len(a.Hops) > 0 || !slices.Equal(a.Nobodys, want) || !slices.Equal(a.Again, []identity.Jurisdiction{guiyang}) {
		t.Errorf("got %+v, %v", a, err)
	}
}

// TestFewGroups: an asker that wants few groups gets no more; all records are counted, those for
// which there is no room as others of the county that has them, and the audit finds nothing (S12).
func TestFewGroups(t *testing.T) {
	w := measured(t, nil)
	q := asked(gather.Sum, gather.By{Field: "kind"})
	q.Groups = 1
	got, err := w.City.Federated.Gather(t.Context(), newID(), by(water), q)
	told, others := 0, []string{}
	for _, g := range got.Groups {
		if g.Others {
			others = append(others, g.Values...)
		} else {
			told++
		}
	}
	if err != nil || got.Total() != 6 || got.Answered != 3 || told > 1 || len(others) == 0 || len(got.Audit.Lies) > 0 || len(got.Audit.Hops) != 1 {
		t.Errorf("got %+v, %v: %d groups are told, and others of %v", got, err, told, others)
	}
	q.Groups = gather.MaxGroups + 1
	_, err = w.City.Federated.Gather(t.Context(), newID(), by(water), q)
	refused(t, "too many groups", err, text.BadRequest)
}

// TestMadeUpChildrenAreNotLookedUp (S33) has a city show, to the audit, answers of children that it
// makes up: the asker looks for the keys of none.
func TestMadeUpChildrenAreNotLookedUp(t *testing.T) {
	w := callstest.New(t, callstest.Options{
		Counties: []identity.Jurisdiction{nanming, yunyan},
		Federated: func(p *place, in *relay.Registry) {
			if p.Name() != guiyang {
				p.Federated.Serve(in, p.Lists)
				return
			}
			p.Federated.ServeHiding(in, p.Lists)
			in.Register("shares", func(context.Context, relay.Received) (relay.Result, error) {
				var made []any
				for n := range 1000 {
					made = append(made, []any{fmt.Sprintf("made-up-%04d", n), []byte{}})
				}
				content, err := canon.Marshal(map[int]any{1: made})
				return relay.Result{Content: content}, err
			})
		},
	})
	var looked atomic.Int64
	w.NoKeys = func(of identity.Jurisdiction) error {
		if strings.HasPrefix(of.String(), "made-up") {
			looked.Add(1)
			return errors.New("nobody endorsed it")
		}
		return nil
	}
	got, err := w.At(nanming).Federated.Gather(t.Context(), newID(), by(water), wide())
	if err != nil || looked.Load() > 0 {
		t.Errorf("the keys of %d children were looked for, %v; audit %+v", looked.Load(), err, got.Audit)
	}
}
