package chains

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/exchange/link"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/breaks"
	"xietong/node/tree/door"
	"xietong/node/tree/neighbours"
)

// place is one jurisdiction of a tree whose links are function calls.
type place struct {
	*host.Host
	table  *neighbours.Table
	store  *Store
	memory *breaks.Store
	door   door.Door
	alter  func([]byte) []byte // changes its answers
	asked  int                 // requests that came
	off    bool
	poked  int
}

// world is a tree of jurisdictions; ahead is added to the time.
type world struct {
	t      *testing.T
	mu     sync.Mutex
	places map[identity.Jurisdiction]*place
	ahead  time.Duration
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += d
}

func named(t testing.TB, s string) identity.Jurisdiction {
	t.Helper()
	j, err := identity.ParseJurisdiction(s)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// newWorld makes a tree. Each name stands after that of its parent.
func newWorld(t *testing.T, names ...string) *world {
	t.Helper()
	w := &world{t: t, places: map[identity.Jurisdiction]*place{}}
	for _, s := range names {
		w.add(named(t, s))
	}
	return w
}

func (w *world) at(s string) *place { return w.places[named(w.t, s)] }

func (w *world) add(name identity.Jurisdiction) {
	w.t.Helper()
	dir := w.t.TempDir()
	if _, err := host.Create(dir, name, w.now(), 1); err != nil {
		w.t.Fatal(err)
	}
	registry := state.NewRegistry()
	tree.Register(registry)
	breaks.Register(registry)
	own, err := host.Open(w.t.Context(), dir, name, host.Options{Registry: registry, Logger: slog.New(slog.DiscardHandler), Now: w.now})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { own.Close() })
	p := &place{Host: own, table: neighbours.New(own, w.now, slog.New(slog.DiscardHandler)), alter: func(b []byte) []byte { return b }}
	endorser := tree.NewEndorser(own, w.now)
	p.memory = breaks.New(own, func() trust.Signer { return own.Signer() }, w.now, slog.New(slog.DiscardHandler))
	p.store = New(own, endorser, p.table, p.memory, func(ctx context.Context, to identity.Jurisdiction, frame []byte) ([]byte, error) {
		return w.carry(ctx, name, to, frame)
	}, w.now)
	p.door = door.Door{Parent: own, Now: w.now, Say: endorser.Say, Prove: p.store.Prove, Stale: func(peer, below identity.Jurisdiction) {
		if p.store.Told(peer, below) {
			p.poked++
		}
	}}
	w.places[name] = p
	if above, ok := name.Parent(); ok {
		w.join(w.places[above], p)
	}
	w.refresh(p)
}

func (w *world) refresh(p *place) {
	w.t.Helper()
	if err := p.table.Refresh(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// join makes a place a child, as the doors do.
func (w *world) join(parent, child *place) {
	w.t.Helper()
	ctx := w.t.Context()
	id, err := identity.NewMessage()
	if err != nil {
		w.t.Fatal(err)
	}
	secret, binding := []byte(child.Name().String()), [32]byte{1}
	_, err = tree.Invite(ctx, parent, id, tree.Invitation{
		Place: tree.Place{Name: child.Name(), DisplayName: child.Name().String()}, Secret: tree.SecretHash(secret), Until: w.now().Add(time.Hour),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	sets, err := child.KeySets(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = tree.Redeem(ctx, parent, tree.Redemption{
		Child: child.Name(), Secret: secret, KeySets: sets, Replica: child.Replica(),
		Possession: child.SignLog(tree.PossessionInput(binding, tree.SecretHash(secret))),
	}, binding, w.now())
	if err != nil {
		w.t.Fatal(err)
	}
	levels, root, err := parent.Chain(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	said, err := parent.store.endorser.Say(ctx, child.Name().Label())
	if err != nil {
		w.t.Fatal(err)
	}
	levels[len(levels)-1].Endorsement, levels[len(levels)-1].Standing = said.Proof, said.Standing
	if _, err := child.SetAbove(ctx, root, levels); err != nil {
		w.t.Fatal(err)
	}
	w.refresh(parent)
}

// carry takes a request to a neighbour.
func (w *world) carry(ctx context.Context, from, to identity.Jurisdiction, frame []byte) ([]byte, error) {
	p := w.places[to]
	w.mu.Lock()
	p.asked++
	off := p.off
	w.mu.Unlock()
	if off {
		return nil, fmt.Errorf("%w: from %s to %s", link.ErrNoLink, from, to)
	}
	answer, _, err := p.door.AnswerNeighbour(ctx, from, frame)
	return p.alter(answer), err
}

// finds checks that the place finds the true key sets of another.
func (w *world) finds(from, of string) {
	w.t.Helper()
	got, err := w.at(from).store.KeySets(w.t.Context(), named(w.t, of), false)
	if err != nil {
		w.t.Errorf("%s looks for %s: %v", from, of, err)
		return
	}
	want, err := w.at(of).KeySets(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	pin, err := trust.PinOf(want[0])
	if err != nil {
		w.t.Fatal(err)
	}
	if len(got) != len(want) || got[0].Pin() != pin {
		w.t.Errorf("%s has %d key sets of %s, not the true ones", from, len(got), of)
	}
}

// refused checks the error for a chain that is not found.
func (w *world) refused(from, of string, code text.Code, about string) {
	w.t.Helper()
	_, err := w.at(from).store.KeySets(w.t.Context(), named(w.t, of), false)
	if f, ok := errors.AsType[*text.Failure](err); !ok || f.Code != code || f.Args["jurisdiction"] != about {
		w.t.Errorf("%s looks for %s: got %v, want %s about %s", from, of, err, code, about)
	}
}

func (w *world) questions() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.places {
		n += p.asked
		p.asked = 0
	}
	return n
}

var branches = []string{
	"guizhou", "guiyang.guizhou", "zunyi.guizhou", "nanming.guiyang.guizhou", "yunyan.guiyang.guizhou", "meitan.zunyi.guizhou",
	"town.meitan.zunyi.guizhou",
}

// TestEverybodyFindsEverybody checks that every jurisdiction finds the key sets of every other, and
// asks for a chain once.
func TestEverybodyFindsEverybody(t *testing.T) {
	w := newWorld(t, branches...)
	for _, from := range branches {
		for _, of := range branches {
			if from != of {
				w.finds(from, of)
			}
		}
	}
	w.questions()
	w.finds("nanming.guiyang.guizhou", "town.meitan.zunyi.guizhou")
	if n := w.questions(); n != 0 {
		t.Errorf("what is kept was asked for %d times", n)
	}
	w.pass(MaxAge + time.Second)
	w.finds("nanming.guiyang.guizhou", "town.meitan.zunyi.guizhou")
	if n := w.questions(); n != 4 {
		t.Errorf("what is old was asked for over %d hops, want 4", n)
	}
	w.finds("yunyan.guiyang.guizhou", "town.meitan.zunyi.guizhou")
	if n := w.questions(); n != 1 {
		t.Errorf("what the parent keeps was asked for over %d hops, want 1", n)
	}
	w.pass(time.Hour) // each endorser on the way says anew that its step stands
	w.finds("nanming.guiyang.guizhou", "town.meitan.zunyi.guizhou")
}

// TestAgeTravels: the time for which a hop on the way kept a chain counts, by its standings.
func TestAgeTravels(t *testing.T) {
	w := newWorld(t, branches...)
	w.finds("guiyang.guizhou", "meitan.zunyi.guizhou")
	w.pass(MaxAge - time.Minute)
	w.finds("nanming.guiyang.guizhou", "meitan.zunyi.guizhou") // from the parent's store
	w.pass(2 * time.Minute)
	w.questions()
	w.finds("nanming.guiyang.guizhou", "meitan.zunyi.guizhou")
	if n := w.questions(); n != 3 {
		t.Errorf("asked for over %d hops, want 3: what was kept is 11 minutes old", n)
	}
}

// TestNotFound checks that the error names the hop at which the way ends, and that what is believed
// meanwhile is told with its age.
func TestNotFound(t *testing.T) {
	w := newWorld(t, branches...)
	w.at("meitan.zunyi.guizhou").off = true
	w.refused("nanming.guiyang.guizhou", "town.meitan.zunyi.guizhou", text.Unreachable, "meitan.zunyi.guizhou")
	w.finds("nanming.guiyang.guizhou", "meitan.zunyi.guizhou") // its parent knows it
	w.refused("nanming.guiyang.guizhou", "qixingguan.bijie.guizhou", text.PlaceNotJoined, "bijie.guizhou")
	w.refused("nanming.guiyang.guizhou", "chengdu.sichuan", text.Unreachable, "chengdu.sichuan")
	w.at("zunyi.guizhou").off = true
	if at := w.statusOf("nanming.guiyang.guizhou", "meitan.zunyi.guizhou"); !at.IsZero() {
		t.Errorf("told as of %s when it was found", at)
	}
	w.pass(MaxAge + time.Second)
	w.finds("nanming.guiyang.guizhou", "meitan.zunyi.guizhou") // it was believed, and nobody can be asked
	if at := w.statusOf("nanming.guiyang.guizhou", "meitan.zunyi.guizhou"); at.IsZero() || w.now().Sub(at) < MaxAge {
		t.Errorf("told as of %s, want of when it was found", at)
	}
	w.questions()
	w.finds("nanming.guiyang.guizhou", "meitan.zunyi.guizhou")
	if n := w.questions(); n != 0 {
		t.Errorf("asked again over %d hops at once", n)
	}
	w.pass(trust.StandingTerm)
	w.refused("nanming.guiyang.guizhou", "meitan.zunyi.guizhou", text.Unreachable, "zunyi.guizhou")
	w.questions()
	w.refused("nanming.guiyang.guizhou", "meitan.zunyi.guizhou", text.Unreachable, "zunyi.guizhou")
	if n := w.questions(); n != 0 {
		t.Errorf("asked again over %d hops at once", n)
	}
	w.at("zunyi.guizhou").off = false
	w.pass(againAfter + time.Second)
	w.finds("nanming.guiyang.guizhou", "meitan.zunyi.guizhou")
	if at := w.statusOf("nanming.guiyang.guizhou", "meitan.zunyi.guizhou"); !at.IsZero() {
		t.Errorf("told as of %s when it was found anew", at)
	}
}

// statusOf returns of when the word on a jurisdiction is, where it is old.
func (w *world) statusOf(from, of string) time.Time {
	return w.at(from).store.StatusAsOf(named(w.t, of))
}

// TestTold: once the news of a withdrawal have come, no jurisdiction uses the chain any more that
// it kept, wherever it stands; and the news of a neighbour are taken only about jurisdictions that
// it leads to.
func TestTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, branches...)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for _, p := range w.places {
			running.Go(func() { p.store.Run(ctx) })
		}
		defer running.Wait()
		defer cancel()
		for _, from := range []string{"nanming.guiyang.guizhou", "yunyan.guiyang.guizhou", "guizhou"} {
			w.finds(from, "town.meitan.zunyi.guizhou")
		}
		id, _ := identity.NewMessage()
		parent, child := w.at("zunyi.guizhou"), named(t, "meitan.zunyi.guizhou")
		if _, err := tree.Withdraw(t.Context(), parent, id, child.Label(), "merged"); err != nil {
			t.Fatal(err)
		}
		w.refresh(parent)
		w.finds("nanming.guiyang.guizhou", "town.meitan.zunyi.guizhou") // nobody has heard
		parent.store.Tell(child, identity.Jurisdiction{})
		time.Sleep(4 * time.Second)
		for _, from := range []string{"nanming.guiyang.guizhou", "yunyan.guiyang.guizhou", "guizhou"} {
			w.refused(from, "town.meitan.zunyi.guizhou", text.PlaceWithdrawn, child.String())
		}
		if p := w.at("town.meitan.zunyi.guizhou"); p.poked != 0 {
			t.Errorf("the one below was poked %d times; its parent, which is no neighbour any more, is not told", p.poked)
		}
		w.finds("nanming.guiyang.guizhou", "zunyi.guizhou")
		w.questions()
		if w.at("guizhou").store.Told(named(t, "guiyang.guizhou"), named(t, "zunyi.guizhou")) {
			t.Error("a child spoke for another")
		}
		time.Sleep(4 * time.Second)
		if n := w.questions(); n != 0 {
			t.Errorf("news about somebody else were passed on: %d questions", n)
		}
	})
}

// TestTalkIsNoSilence: a neighbour that tells as many names as it may, and one more, does not keep
// the news of others from those who wait for it: what is more than one request holds goes in two.
func TestTalkIsNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, branches...)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		city := w.at("guiyang.guizhou")
		w.finds("yunyan.guiyang.guizhou", "town.meitan.zunyi.guizhou")
		id, _ := identity.NewMessage()
		parent, child, talker := w.at("zunyi.guizhou"), named(t, "meitan.zunyi.guizhou"), named(t, "nanming.guiyang.guizhou")
		if _, err := tree.Withdraw(t.Context(), parent, id, child.Label(), "merged"); err != nil {
			t.Fatal(err)
		}
		w.refresh(parent)
		for i := range maxTold + 5 {
			city.store.Told(talker, named(t, fmt.Sprintf("c%d.nanming.guiyang.guizhou", i%(maxNews-1))))
		}
		city.store.Told(named(t, "guizhou"), child)
		w.at("guizhou").store.Drop(child)
		parent.store.Drop(child)
		city.store.Drop(child)
		running.Go(func() { city.store.Run(ctx) })
		defer running.Wait()
		defer cancel()
		time.Sleep(4 * time.Second)
		w.refused("yunyan.guiyang.guizhou", "town.meitan.zunyi.guizhou", text.PlaceWithdrawn, child.String())
	})
}

// TestTalkativeNeighbour: of a neighbour that tells too many names, everything that it leads to is
// forgotten at once, and one name for all of it is told on.
func TestTalkativeNeighbour(t *testing.T) {
	w := newWorld(t, branches...)
	p, child := w.at("guizhou"), named(t, "zunyi.guizhou")
	w.finds("guizhou", "town.meitan.zunyi.guizhou")
	w.finds("guizhou", "nanming.guiyang.guizhou")
	for i := range 5 * maxNews {
		p.store.Told(child, named(t, fmt.Sprintf("c%d.zunyi.guizhou", i)))
	}
	if n := len(p.store.news.waiting); n > maxTold {
		t.Errorf("%d news wait", n)
	}
	waiting := p.store.collect()
	if from, told := waiting[child]; !told || from != child {
		t.Errorf("told is %v, want that all below %s may have changed", waiting, child)
	}
	if p.store.kept[named(t, "town.meitan.zunyi.guizhou")] != nil || p.store.kept[named(t, "nanming.guiyang.guizhou")] == nil {
		t.Errorf("kept are %d", len(p.store.kept))
	}
}

// TestManyNews checks that too many news about children are told one after another, and those about
// what lies below a child as one.
func TestManyNews(t *testing.T) {
	w := newWorld(t, "guizhou", "guiyang.guizhou")
	p := w.at("guiyang.guizhou")
	for i := range 3 * maxNews {
		p.store.Tell(named(t, fmt.Sprintf("c%d.guiyang.guizhou", i)), identity.Jurisdiction{})
	}
	for i := range maxNews {
		p.store.Tell(named(t, fmt.Sprintf("t%d.c0.guiyang.guizhou", i)), identity.Jurisdiction{})
	}
	told := 0
	for range 3 {
		for below := range p.store.collect() {
			if above, _ := below.Parent(); above != p.Name() {
				t.Errorf("told of %s, want a child", below)
			}
			told++
		}
	}
	if left := len(p.store.news.waiting); told != 3*maxNews || left != 0 {
		t.Errorf("%d are told, %d wait, want %d and none", told, left, 3*maxNews)
	}
}

// TestAlteredAnswers flips bytes of a neighbour's answers: only the true key sets are ever
// believed.
func TestAlteredAnswers(t *testing.T) {
	w := newWorld(t, branches...)
	from, parent := w.at("nanming.guiyang.guizhou"), w.at("guiyang.guizhou")
	of := named(t, "meitan.zunyi.guizhou")
	want, err := from.store.KeySets(t.Context(), of, false)
	if err != nil {
		t.Fatal(err)
	}
	var answer []byte
	parent.alter = func(b []byte) []byte { answer = bytes.Clone(b); return b }
	from.store.Drop(of)
	w.finds("nanming.guiyang.guizhou", of.String())
	taken := 0
	for at := 0; at < len(answer); at += 7 {
		parent.alter = func(b []byte) []byte {
			b = bytes.Clone(b)
			b[min(at, len(b)-1)] ^= 0x10
			return b
		}
		from.store.Drop(of)
		got, err := from.store.KeySets(t.Context(), of, false)
		if err == nil {
			taken++
			if !slices.EqualFunc(got, want, func(a, b trust.Believed) bool { return a.Hash() == b.Hash() }) {
				t.Fatalf("byte %d: other key sets are believed", at)
			}
		}
	}
	if taken > 0 {
		t.Errorf("%d altered answers were taken", taken)
	}
	for what, other := range map[string]string{"of its own": "guiyang.guizhou", "of another": "zunyi.guizhou"} {
		levels, err := w.at("guizhou").store.levels(t.Context(), named(t, other), MaxAge)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := from.store.verified(t.Context(), of, levels); err == nil || !strings.Contains(err.Error(), "chain of "+other) {
			t.Errorf("a chain %s: got %v", what, err)
		}
	}
	if _, err := from.store.verified(t.Context(), of, imposterLevels(t, of)); err == nil {
		t.Error("the chain of another root was believed")
	}
}

// imposterLevels is a chain that begins with other keys than the root's.
func imposterLevels(t *testing.T, of identity.Jurisdiction) []trust.Level {
	r, _ := identity.NewReplica(1)
	a, err := authority.Create(t.TempDir(), of, r, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	signed, _, err := a.FirstKeySet(1)
	if err != nil {
		t.Fatal(err)
	}
	return []trust.Level{{KeySets: [][]byte{signed}}}
}

// TestEnded: a chain is not used after the first of its endorsements has ended.
func TestEnded(t *testing.T) {
	w := newWorld(t, branches...)
	w.finds("nanming.guiyang.guizhou", "meitan.zunyi.guizhou")
	w.pass(trust.EndorsementTerm + time.Minute)
	if _, err := w.at("nanming.guiyang.guizhou").store.KeySets(t.Context(), named(t, "meitan.zunyi.guizhou"), false); err == nil {
		t.Error("found after all endorsements have ended")
	}
}

// TestMeanwhile: callers that ask at once share one question, and a caller that gives up does not
// spoil it for the others.
func TestMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, branches...)
		from, of := w.at("nanming.guiyang.guizhou"), named(t, "meitan.zunyi.guizhou")
		slow := w.at("guiyang.guizhou")
		release := make(chan struct{})
		slow.door.Prove = func(ctx context.Context, peer identity.Jurisdiction, want door.Wanted) ([]trust.Level, error) {
			select {
			case <-release:
				return slow.store.Prove(ctx, peer, want)
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		hasty, cancel := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() {
			_, err := from.store.KeySets(hasty, of, false)
			gone <- err
		}()
		synctest.Wait()
		found := make(chan error, 20)
		for range 20 {
			go func() {
				_, err := from.store.KeySets(t.Context(), of, false)
				found <- err
			}()
		}
		synctest.Wait()
		cancel()
		if err := <-gone; err == nil {
			t.Error("who gave up found something")
		}
		synctest.Wait()
		close(release)
		for range 20 {
			if err := <-found; err != nil {
				t.Error(err)
			}
		}
		if slow.asked != 2 {
			t.Errorf("asked %d times, want once for the one that gave up and once for all others", slow.asked)
		}
	})
}

// TestSilentNeighbour: a neighbour that does not answer takes only its own places.
func TestSilentNeighbour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, branches...)
		silent := w.at("guiyang.guizhou")
		silent.door.Prove = func(ctx context.Context, _ identity.Jurisdiction, _ door.Wanted) ([]trust.Level, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		s := w.at("guizhou").store
		const most = MaxAsking / 3 // for one that asks
		failed := make(chan error, most)
		for i := range most {
			go func() {
				_, err := s.KeySets(t.Context(), named(t, fmt.Sprintf("t%d.nanming.guiyang.guizhou", i)), false)
				failed <- err
			}()
		}
		synctest.Wait()
		w.refused("guizhou", "nanming.guiyang.guizhou", text.Busy, "guizhou")
		w.finds("guizhou", "town.meitan.zunyi.guizhou")
		for range most {
			if f, ok := errors.AsType[*text.Failure](<-failed); !ok || f.Code != text.Late {
				t.Errorf("got %v, want that it was late", f)
			}
		}
		if n := s.asking.Held(); n != 0 {
			t.Errorf("%d are still under way", n)
		}
	})
}

// TestParentCannotBeAskedAnew: the error names the parent, so that nobody takes the jurisdiction
// above for one that is not endorsed.
func TestParentCannotBeAskedAnew(t *testing.T) {
	w := newWorld(t, "guizhou", "guiyang.guizhou")
	s := w.at("guiyang.guizhou").store
	s.AskAbove(func(context.Context) error { return fmt.Errorf("reach parent: %w", link.ErrNoLink) })
	_, err := s.KeySets(t.Context(), named(t, "guizhou"), true)
	if f, ok := errors.AsType[*text.Failure](err); !ok || f.Code != text.Unreachable || f.Args["jurisdiction"] != "guizhou" {
		t.Errorf("got %v, want that the parent is unreachable", err)
	}
}
