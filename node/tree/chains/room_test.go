package chains

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/budget"
	"xietong/exchange/route"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
)

// longer returns the key sets of a place with n more, which nobody endorsed.
func (w *world) longer(p *place, n int) [][]byte {
	w.t.Helper()
	signed, err := p.KeySets(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	pin, err := p.Pin()
	if err != nil {
		w.t.Fatal(err)
	}
	walked, err := trust.Walk(pin, signed)
	if err != nil {
		w.t.Fatal(err)
	}
	newest := walked[len(walked)-1]
	for range n {
		before := newest.Hash()
		newest.Number, newest.Previous = newest.Number+1, before[:]
		more, err := trust.Assemble(newest, []trust.Signature{{Replica: p.Replica(), Sig: p.SignLog(newest.SigningInput())}})
		if err != nil {
			w.t.Fatal(err)
		}
		signed = append(signed, more)
	}
	return signed
}

// TestChainsWithoutEnd (A15): a county lets more key sets follow those of its child, which the
// child signed and nobody endorsed. Such a chain is neither believed, nor kept, nor handed on.
func TestChainsWithoutEnd(t *testing.T) {
	for _, more := range []int{199, trust.MaxHanded, 1} {
		w := newWorld(t, branches...)
		bad, made := w.at("meitan.zunyi.guizhou"), w.at("town.meitan.zunyi.guizhou")
		honest, sets := bad.door.Prove, w.longer(made, more)
		bad.door.Prove = func(ctx context.Context, peer identity.Jurisdiction, q door.Wanted) ([]trust.Level, error) {
			levels, err := honest(ctx, peer, q)
			if err == nil {
				levels = slices.Clone(levels)
				levels[len(levels)-1].KeySets = sets
			}
			return levels, err
		}
		s := w.at("nanming.guiyang.guizhou").store
		_, err := s.KeySets(brought(t, "guiyang.guizhou", made.Name().String()), made.Name(), false)
		if f, ok := errors.AsType[*text.Failure](err); !ok || f.Code != text.AnswerRefused {
			t.Errorf("%d more: got %v", more, err)
		}
		unread := []trust.Level{{}, {KeySets: slices.Repeat([][]byte{[]byte("no key set")}, 1+more)}}
		if _, err := s.descend(t.Context(), unread); more >= trust.MaxHanded && !errors.Is(err, trust.ErrChain) {
			t.Errorf("%d more: got %v, want that none is read", more, err)
		}
		for name, p := range w.places {
			if c := p.store.kept[made.Name()]; c != nil && name != bad.Name() {
				t.Errorf("%d more: %s keeps %d key sets", more, name, len(c.levels[len(c.levels)-1].KeySets))
			}
		}
	}
}

// brings keeps a chain of n bytes that was looked for because of a message.
func (s *Store) brings(t *testing.T, peer, origin string, n int) {
	t.Helper()
	branch, within := route.Branches(named(t, peer), named(t, origin))
	s.keep(&finding{done: make(chan struct{}), chain: &chain{
		of: named(t, origin), payer: budget.Payer{Neighbour: peer, Origin: branch, Within: within},
		levels: []trust.Level{{KeySets: [][]byte{bytes.Repeat([]byte{1}, n)}}}, made: s.now(), found: s.now(),
	}})
}

// TestKeptBytes (A15b): what is kept is bounded in bytes. A county whose children have long chains
// loses its own for them, and its sibling none.
func TestKeptBytes(t *testing.T) {
	const long = 256 << 10
	w := newWorld(t, "guizhou", "guiyang.guizhou")
	s := w.at("guiyang.guizhou").store
	for i := range 8 {
		s.brings(t, "guizhou", fmt.Sprintf("t%d.tongzi.zunyi.guizhou", i), long)
	}
	for i := range 2 * MaxKeptLen / long {
		s.brings(t, "guizhou", fmt.Sprintf("x%d.meitan.zunyi.guizhou", i), long)
	}
	bytes, siblings := 0, 0
	for of, c := range s.kept {
		bytes += len(c.levels[0].KeySets[0])
		if of.Under(named(t, "tongzi.zunyi.guizhou")) {
			siblings++
		}
	}
	if bytes > MaxKeptLen || bytes < MaxKeptLen/4 || siblings != 8 {
		t.Errorf("%d bytes are kept, of at most %d, and %d chains of the sibling, want 8", bytes, MaxKeptLen, siblings)
	}
	s.Drop(named(t, "guizhou"))
	if s.held != 0 || len(s.order)+len(s.kept) != 0 {
		t.Errorf("%d bytes are held after all were dropped", s.held)
	}
}

// TestReplacedIsNotKept (A15b): a chain that was found anew is kept once, with the one that was
// believed before until it is believed itself.
func TestReplacedIsNotKept(t *testing.T) {
	w := newWorld(t, "guizhou")
	s := w.at("guizhou").store
	for range 8 {
		s.brings(t, "zunyi.guizhou", "meitan.zunyi.guizhou", 1000)
		s.order[0].judged = true
	}
	if len(s.order) != 1 || s.held > 4000 {
		t.Errorf("%d chains and %d bytes are held of one jurisdiction", len(s.order), s.held)
	}
}

// TestOldChainsGo (A15c): what may not be used any more is dropped while nobody asks: what was
// found for others once it is too old for them, and what this jurisdiction used after two days.
func TestOldChainsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, branches...)
		w.finds("nanming.guiyang.guizhou", "meitan.zunyi.guizhou")
		w.refused("nanming.guiyang.guizhou", "qixingguan.bijie.guizhou", text.PlaceNotJoined, "bijie.guizhou")
		ctx, cancel := context.WithCancel(t.Context())
		ends := make(chan struct{})
		for _, p := range w.places {
			go func() { p.store.Run(ctx); ends <- struct{}{} }()
		}
		left := func(at string) int {
			s := w.at(at).store
			s.mu.Lock()
			defer s.mu.Unlock()
			return len(s.kept) + len(s.order) + len(s.failed)
		}
		for _, row := range []struct {
			pass      time.Duration
			own, hops int
		}{{0, 3, 3}, {2 * time.Minute, 2, 2}, {MaxAge, 2, 0}, {trust.StandingTerm, 0, 0}} {
			if testing.Short() && row.pass == trust.StandingTerm { // two days of ten nodes
				break
			}
			time.Sleep(row.pass)
			synctest.Wait()
			if own, hops := left("nanming.guiyang.guizhou"), left("guiyang.guizhou"); own != row.own || hops != row.hops {
				t.Errorf("after %s more: %d are held by who asked and %d by a hop, want %d and %d", row.pass, own, hops, row.own, row.hops)
			}
		}
		cancel()
		for range w.places {
			<-ends
		}
	})
}

// TestChainsTakeTheirTurn (A15d): a chain is verified in a slot, which who asked for it pays for.
func TestChainsTakeTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, branches...)
		s, slots, release := w.at("guiyang.guizhou").store, budget.NewSlots(1), make(chan struct{})
		s.TakeTurns(slots)
		go slots.Run(budget.With(t.Context(), budget.Payer{Neighbour: "yunyan.guiyang.guizhou"}), func(context.Context) error {
			<-release
			return nil
		})
		synctest.Wait()
		found := make(chan error, 1)
		go func() {
			_, err := s.KeySets(brought(t, "guizhou", "meitan.zunyi.guizhou"), named(t, "meitan.zunyi.guizhou"), false)
			found <- err
		}()
		synctest.Wait()
		select {
		case err := <-found:
			t.Errorf("verified while every slot was taken: %v", err)
		default:
		}
		close(release)
		synctest.Wait()
		if len(found) > 0 {
			if err := <-found; err != nil {
				t.Error(err)
			}
		}
	})
}

// TestMadeUpChildrenPushOutTheirOwn (A16): as many children as chains are kept, which a county made
// up and endorsed, are looked for because of messages. They push out one another: neither what this
// jurisdiction used itself, nor what messages of others had it look for.
func TestMadeUpChildrenPushOutTheirOwn(t *testing.T) {
	w := newWorld(t, branches...)
	s := w.at("nanming.guiyang.guizhou").store
	honest := []string{"zunyi.guizhou", "yunyan.guiyang.guizhou"}
	for _, of := range honest {
		w.finds("nanming.guiyang.guizhou", of)
	}
	s.brings(t, "guiyang.guizhou", "tongzi.zunyi.guizhou", 1000)
	for i := range MaxKept + 10 {
		s.brings(t, "guiyang.guizhou", fmt.Sprintf("x%d.meitan.zunyi.guizhou", i), 1000)
	}
	w.questions()
	for _, of := range honest {
		w.finds("nanming.guiyang.guizhou", of)
	}
	if n := w.questions(); n != 0 || s.kept[named(t, "tongzi.zunyi.guizhou")] == nil || len(s.kept) != MaxKept {
		t.Errorf("%d chains are kept, want %d; asked again over %d hops", len(s.kept), MaxKept, n)
	}
	w.at("guiyang.guizhou").off = true
	w.pass(24 * time.Hour)
	for _, of := range honest {
		if !w.believes("nanming.guiyang.guizhou", named(t, of)) {
			t.Errorf("the way is cut off, and %s is not believed any more", of)
		}
	}
	for i := range MaxKept + 10 { // it has half for itself
		s.keep(&finding{done: make(chan struct{}), chain: &chain{of: named(t, fmt.Sprintf("o%d.bijie.guizhou", i)), payer: budget.Payer{Neighbour: budget.Local}, found: w.now()}})
	}
	others := 0
	for _, c := range s.order {
		if c.payer.Neighbour != budget.Local {
			others++
		}
	}
	if others != MaxKept/2 {
		t.Errorf("%d chains of others are kept beside the own ones, want %d", others, MaxKept/2)
	}
}
