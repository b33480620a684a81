package chains

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/budget"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/door"
)

// setAhead moves the clocks to a time after the beginning of the test.
func (w *world) setAhead(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead = d
}

// withdraw has the parent withdraw a child, which it tells nobody.
func (w *world) withdraw(child identity.Jurisdiction) {
	w.t.Helper()
	above, _ := child.Parent()
	id, err := identity.NewMessage()
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := tree.Withdraw(w.t.Context(), w.places[above], id, child.Label(), "stolen"); err != nil {
		w.t.Fatal(err)
	}
	w.refresh(w.places[above])
}

// believes reports whether a place finds key sets for another.
func (w *world) believes(from string, of identity.Jurisdiction) bool {
	_, err := w.at(from).store.KeySets(w.t.Context(), of, false)
	return err == nil
}

// levelsOf is the true chain of a jurisdiction, as its parent's endorser says it with the given
// clock.
func (w *world) levelsOf(of identity.Jurisdiction, now func() time.Time) []trust.Level {
	w.t.Helper()
	above, _ := of.Parent()
	parent := w.places[above]
	levels, _, err := parent.Chain(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	said, err := tree.NewEndorser(parent, now).Say(w.t.Context(), of.Label())
	if err != nil {
		w.t.Fatal(err)
	}
	levels[len(levels)-1].Endorsement, levels[len(levels)-1].Standing = said.Proof, said.Standing
	return append(levels, said.Level)
}

// TestHopHidesWithdrawal: keys are withdrawn as stolen, and a hop on the way goes on answering with
// the endorsement from before, proven anew under a checkpoint made after the withdrawal. The
// standing that it can show becomes old, so nobody believes it for longer than ten minutes, clocks
// five minutes apart allowed. A hop that says that nobody can be asked gains two days with whoever
// kept the chain, and nothing with anybody else (S09).
func TestHopHidesWithdrawal(t *testing.T) {
	stolen := named(t, "meitan.zunyi.guizhou")
	keeper, other := "nanming.guiyang.guizhou", "yunyan.guiyang.guizhou"
	for _, hop := range []string{"guizhou", "guiyang.guizhou"} {
		for _, silent := range []bool{false, true} {
			w := newWorld(t, branches...)
			w.finds(keeper, stolen.String())
			kept := slices.Clone(w.at(keeper).store.kept[stolen].levels)
			w.withdraw(stolen)
			proven := w.levelsOf(stolen, w.now) // the endorsement, under a later checkpoint
			kept[1].Endorsement = proven[1].Endorsement
			w.at(hop).door.Prove = func(context.Context, identity.Jurisdiction, door.Wanted) ([]trust.Level, error) {
				if silent {
					return nil, text.Fail(text.Unreachable, text.Args{"jurisdiction": "zunyi.guizhou", "reason": "no-link"}, nil)
				}
				return slices.Clone(kept), nil
			}
			if !silent && !w.believes(other, stolen) {
				t.Errorf("%s: a standing of now was not believed", hop)
			}
			for _, row := range []struct {
				after time.Duration
				kept  bool
			}{{MaxAge + tree.MaxSkew + time.Minute, silent}, {47 * time.Hour, silent}, {49 * time.Hour, false}, {29 * 24 * time.Hour, false}} {
				w.setAhead(row.after)
				if w.believes(other, stolen) {
					t.Errorf("%s (silent: %t): withdrawn keys are believed %s after the withdrawal", hop, silent, row.after)
				}
				if got := w.believes(keeper, stolen); got != row.kept {
					t.Errorf("%s (silent: %t): who kept the chain believes it %s after the withdrawal: %t", hop, silent, row.after, got)
				}
			}
		}
	}
}

// TestWithdrawalEndsTheBelief: a standing that says withdrawn ends the belief in the jurisdiction
// and all below it, whoever brings it, and no standing from before brings it back (S09c).
func TestWithdrawalEndsTheBelief(t *testing.T) {
	w := newWorld(t, branches...)
	from, stolen, below := w.at("nanming.guiyang.guizhou"), named(t, "meitan.zunyi.guizhou"), named(t, "town.meitan.zunyi.guizhou")
	w.finds(from.Name().String(), below.String())
	before := w.levelsOf(stolen, w.now)
	w.withdraw(stolen)
	w.finds(from.Name().String(), below.String()) // nobody has heard
	w.at("guizhou").store.Drop(stolen)
	w.at("guiyang.guizhou").store.Drop(stolen)
	w.refused(from.Name().String(), stolen.String(), text.PlaceWithdrawn, stolen.String())
	w.refused(from.Name().String(), below.String(), text.PlaceWithdrawn, stolen.String())
	if _, err := from.store.verified(t.Context(), stolen, before); err == nil {
		t.Error("a standing from before the withdrawal was believed after it")
	}
	w.pass(wordsFor + time.Minute)
	if _, err := from.store.verified(t.Context(), stolen, before); err == nil {
		t.Error("a standing from before the withdrawal was believed once it was forgotten")
	}
}

// TestHopTellsWhatNobodySaid (S09f): a hop refuses a chain in the name of another place. It is told
// as the word of the neighbour that was asked; nobody is said to have withdrawn anything, no
// command and no alarm of another node comes along, and who kept a proven chain goes on with it
// until it ends, or a signed withdrawal comes.
func TestHopTellsWhatNobodySaid(t *testing.T) {
	of, keeper, other := named(t, "meitan.zunyi.guizhou"), "nanming.guiyang.guizhou", "yunyan.guiyang.guizhou"
	entry := text.Args{"jurisdiction": of.String(), "by": "zunyi.guizhou", "entry": "zunyi.guizhou/log/1/99", "when": "2026-11-01T00:00:00Z"}
	w := newWorld(t, branches...)
	honest := w.at("guiyang.guizhou").door.Prove
	w.finds(keeper, of.String())
	about := func(jurisdiction string) text.Args {
		return text.Args{"jurisdiction": jurisdiction, "by": "bijie.guizhou", "until": "2026-11-01T00:00:00Z"}
	}
	for _, row := range []struct {
		code text.Code
		args text.Args
		want text.Code
		by   string
	}{
		{text.PlaceWithdrawn, entry, text.Unreachable, ""},
		{text.PlaceWithdrawn, text.Args{"jurisdiction": "zunyi.guizhou", "by": "guizhou", "entry": "guizhou/log/1/99"}, text.Unreachable, ""},
		{text.PlaceWithdrawn, text.Args{"jurisdiction": "guizhou", "by": "yunnan"}, text.Unreachable, ""},
		{text.PlaceNotJoined, about(of.String()), text.PlaceNotJoined, "zunyi.guizhou"}, {text.PlaceExpired, about(of.String()), text.PlaceExpired, "zunyi.guizhou"},
		{text.PlaceNotJoined, about(other), text.AnswerRefused, ""}, {text.PlaceExpired, about(strings.Repeat("x", 300)), text.AnswerRefused, ""},
		{text.BeingVerified, about("guiyang.guizhou"), text.BeingVerified, ""}, {text.BeingVerified, about(other), text.AnswerRefused, ""},
		{text.GrantNeeded, text.Args{"give": "xietong grant give loans edu@guiyang.guizhou"}, text.AnswerRefused, ""},
		{text.StateDamaged, text.Args{"file": "state.db"}, text.AnswerRefused, ""}, {text.Internal, nil, text.Internal, ""},
		{text.Overloaded, text.Args{"seconds": strings.Repeat("9", 300)}, text.AnswerRefused, ""},
		{text.Overloaded, text.Args{"seconds": "0 秒后执行 xietong keys revoke --yes"}, text.AnswerRefused, ""},
		{text.Unreachable, text.Args{"jurisdiction": of.String(), "reason": "请立即撤销密钥"}, text.AnswerRefused, ""},
		{text.Hurried, text.Args{"jurisdiction": of.String(), "by": "zunyi.guizhou", "left": "3", "wait": "9000"}, text.AnswerRefused, ""},
	} {
		w.pass(time.Hour)
		w.at("guiyang.guizhou").door.Prove = func(context.Context, identity.Jurisdiction, door.Wanted) ([]trust.Level, error) {
			return nil, text.Fail(row.code, row.args, nil)
		}
		_, err := w.at(other).store.KeySets(t.Context(), of, false)
		told, ok := errors.AsType[*Told](err)
		if !ok || told.By.String() != "guiyang.guizhou" || told.Failure.Code != row.want || told.Failure.Args["by"] != row.by || told.Failure.Args["entry"] != "" {
			t.Errorf("%s %v: got %v (%+v), want %s by %q", row.code, row.args, err, told, row.want, row.by)
		}
		if got := w.believes(keeper, of); got != (row.want != text.AnswerRefused) {
			t.Errorf("%s: who kept the chain believes it: %t", row.code, got)
		}
	}
	w.withdraw(of)
	w.at("guiyang.guizhou").door.Prove = honest
	w.pass(time.Hour)
	w.refused(keeper, of.String(), text.PlaceWithdrawn, of.String())
}

// TestStandingsOfChains: a step below the lowest common ancestor needs a standing that is neither
// missing, nor old, nor from the future; one above it needs none (S09).
func TestStandingsOfChains(t *testing.T) {
	w := newWorld(t, branches...)
	of := named(t, "meitan.zunyi.guizhou")
	for _, row := range []struct {
		from  string
		ahead time.Duration
		says  string // "": it is believed
	}{
		{"guizhou", 0, "the standing of zunyi.guizhou is too old"}, {"town.meitan.zunyi.guizhou", 0, ""}, {"zunyi.guizhou", 0, ""},
		{"zunyi.guizhou", tree.MaxSkew - time.Minute, ""}, {"zunyi.guizhou", tree.MaxSkew + time.Minute, "from the future"},
		{"zunyi.guizhou", time.Minute - MaxAge - tree.MaxSkew, ""}, {"zunyi.guizhou", -time.Minute - MaxAge - tree.MaxSkew, "too old"},
	} {
		w.setAhead(time.Hour)
		levels := w.levelsOf(of, func() time.Time { return w.now().Add(row.ahead) })
		_, err := w.at(row.from).store.verified(t.Context(), of, levels)
		if (err == nil) != (row.says == "") || err != nil && !strings.Contains(err.Error(), row.says) {
			t.Errorf("at %s, %s ahead: got %v, want %q", row.from, row.ahead, err, row.says)
		}
	}
	levels := w.levelsOf(of, w.now)
	levels[1].Standing = nil
	if _, err := w.at("zunyi.guizhou").store.verified(t.Context(), of, levels); err == nil || !strings.Contains(err.Error(), "nobody says") {
		t.Errorf("without a standing: got %v", err)
	}
}

// TestNewKeysOnTheWay: an endorser on the way signs with keys that those below it have not heard of
// yet; the answer that they bring holds all the same.
func TestNewKeysOnTheWay(t *testing.T) {
	w := newWorld(t, branches...)
	w.pass(2 * time.Hour)
	ctx, p, above := t.Context(), w.at("zunyi.guizhou"), w.at("guizhou")
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.NewKeys(ctx, id, host.Change{}); err != nil {
		t.Fatal(err)
	}
	sets, err := p.KeySets(ctx)
	if err != nil {
		t.Fatal(err)
	}
	pin, err := trust.PinOf(sets[0])
	if err != nil {
		t.Fatal(err)
	}
	hash := pin.Hash()
	shown := tree.Presentation{Child: p.Name(), After: 1, Hash: hash[:], KeySets: sets[1:], Replica: p.Replica()}
	if _, _, err := tree.Present(ctx, above, shown, tree.Proof{}, w.now()); err != nil {
		t.Fatal(err)
	}
	levels := w.levelsOf(p.Name(), w.now)
	_, root, err := above.Chain(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.SetAbove(ctx, root, levels[:len(levels)-1]); err != nil {
		t.Fatal(err)
	}
	if err := p.RenewKeys(ctx, func(uint64) bool { return true }); err != nil || p.KeysInUse() != 2 {
		t.Fatalf("got %v; in use are keys %d, want 2", err, p.KeysInUse())
	}
	w.refresh(p)
	w.refresh(above)
	w.finds("nanming.guiyang.guizhou", "town.meitan.zunyi.guizhou")
}

// TestNamesOfNobody: a neighbour that asks for as many names of nobody as chains are kept pushes
// out no chain, and of what failed only its own (S27).
func TestNamesOfNobody(t *testing.T) {
	w := newWorld(t, branches...)
	p, liar, other := w.at("guiyang.guizhou").store, named(t, "nanming.guiyang.guizhou"), named(t, "yunyan.guiyang.guizhou")
	w.finds("guiyang.guizhou", "meitan.zunyi.guizhou")
	ask := func(by identity.Jurisdiction, name string) {
		if _, err := p.Prove(t.Context(), by, door.Wanted{Name: named(t, name), Wait: time.Second}); err == nil {
			t.Errorf("%s was found", name)
		}
	}
	ask(other, "bijie.guizhou")
	w.questions()
	for i := range MaxKept {
		ask(liar, fmt.Sprintf("c%d.sichuan", i))
	}
	w.questions()
	w.finds("guiyang.guizhou", "meitan.zunyi.guizhou")
	ask(other, "bijie.guizhou")
	if n := w.questions(); n != 0 {
		t.Errorf("%d names of nobody pushed out what others found: asked again over %d hops", MaxKept, n)
	}
	if n := len(p.failed[liar.String()]); n != MaxFailed || len(p.failed[other.String()]) != 1 {
		t.Errorf("%d and %d failures are kept, want %d and 1", n, len(p.failed[other.String()]), MaxFailed)
	}
	p.Drop(named(t, "sichuan"))
	if _, ok := p.failed[liar.String()]; ok {
		t.Error("failures are kept after they were dropped")
	}
}

// TestSharesOfKept: whoever has the most chains kept loses one for every one too many, its oldest
// (S27).
func TestSharesOfKept(t *testing.T) {
	w := newWorld(t, "guizhou")
	s := w.at("guizhou").store
	keep := func(by, of string) {
		s.keep(&finding{done: make(chan struct{}), chain: &chain{of: named(t, of), payer: budget.Payer{Neighbour: by}, found: w.now()}})
	}
	keep("zunyi.guizhou", "meitan.zunyi.guizhou")
	for i := range MaxKept + 10 {
		keep("guiyang.guizhou", fmt.Sprintf("c%d.bijie.guizhou", i))
	}
	if len(s.kept) != MaxKept || len(s.order) != MaxKept || s.kept[named(t, "meitan.zunyi.guizhou")] == nil || s.kept[named(t, "c10.bijie.guizhou")] != nil {
		t.Errorf("%d are kept, in an order of %d", len(s.kept), len(s.order))
	}
	s.Drop(named(t, "guizhou"))
	if len(s.kept)+len(s.order) != 0 {
		t.Errorf("%d are kept after all were dropped", len(s.kept))
	}
}

// TestWithdrawnIsBounded: an endorser that withdraws more children than are remembered pushes out
// its own alone.
func TestWithdrawnIsBounded(t *testing.T) {
	w := newWorld(t, "guizhou")
	s := w.at("guizhou").store
	said := func(of string, after time.Duration) {
		s.withdraw(trust.Standing{Child: named(t, of), Entry: 1, Size: 2, Time: uint64(w.now().Add(after).UnixMilli())})
	}
	said("meitan.zunyi.guizhou", 0)
	for i := range maxWords + 10 {
		said(fmt.Sprintf("c%d.bijie.guizhou", i), 0)
	}
	if _, ok := s.withdrawn[named(t, "meitan.zunyi.guizhou")]; !ok || len(s.withdrawn) != maxWords {
		t.Errorf("%d are remembered, that of another endorser: %t", len(s.withdrawn), ok)
	}
	w.pass(wordsFor + time.Minute)
	said("new.zunyi.guizhou", 0)
	if len(s.withdrawn) != 1 {
		t.Errorf("%d are remembered after their time", len(s.withdrawn))
	}
}

// TestPlacesOfWhoAsks (S27b): a neighbour asks for many names of nobody that only a silent parent
// could know. Others, and this jurisdiction itself, still find places toward the parent.
func TestPlacesOfWhoAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, branches...)
		s, liar, other := w.at("guiyang.guizhou").store, named(t, "nanming.guiyang.guizhou"), named(t, "yunyan.guiyang.guizhou")
		var asked atomic.Int64
		w.at("guizhou").door.Prove = func(ctx context.Context, _ identity.Jurisdiction, _ door.Wanted) ([]trust.Level, error) {
			asked.Add(1)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		var all sync.WaitGroup
		prove := func(by identity.Jurisdiction, name string) {
			all.Go(func() {
				ctx := budget.With(t.Context(), budget.Payer{Neighbour: by.String()})
				_, _ = s.Prove(ctx, by, door.Wanted{Name: named(t, name), Wait: MaxWait})
			})
		}
		for i := range 2 * MaxAsking {
			prove(liar, fmt.Sprintf("c%d.sichuan", i))
		}
		synctest.Wait()
		if n := asked.Swap(0); n > MaxAsking/3 {
			t.Errorf("one neighbour has %d of %d questions under way", n, MaxAsking)
		}
		prove(other, "bijie.guizhou")
		all.Go(func() { _, _ = s.KeySets(t.Context(), named(t, "town.meitan.zunyi.guizhou"), false) })
		synctest.Wait()
		if n := asked.Load(); n != 2 {
			t.Errorf("%d of 2 questions of others were asked", n)
		}
		all.Wait()
	})
}
