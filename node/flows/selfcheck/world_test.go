package selfcheck

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
	"xietong/exchange/relay"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/roster"
	"xietong/node/ground/zone"
	"xietong/node/tree"
	"xietong/node/tree/breaks"
	"xietong/node/tree/chains"
	"xietong/node/tree/door"
	"xietong/node/tree/neighbours"
	"xietong/node/tree/rosters"
	"xietong/node/tree/standing"
)

// place is one jurisdiction of a tree whose links are function calls.
type place struct {
	dir string
	*host.Host
	table  *neighbours.Table
	chains *chains.Store
	where  *standing.Standing
	door   door.Door
	upkeep *neighbours.Upkeep
	relay  *relay.Relay
	desk   *Desk
	log    *strings.Builder

	cut   bool      // its link to the parent is down
	heard time.Time // when the parent's parent spoke to the parent, as the parent shows
	// pass, if not nil, judges each message that comes over a link; an error loses it.
	pass func(from identity.Jurisdiction, frame []byte) error
	// late has what comes over a link come with no time left; copies is how often it came before.
	late   bool
	copies int
}

// world is a tree of jurisdictions; ahead is added to the time.
type world struct {
	t      *testing.T
	mu     sync.Mutex
	places map[identity.Jurisdiction]*place
	ahead  time.Duration
	secret int
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

func (w *world) elapse(d time.Duration) {
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

func must[T any](t testing.TB, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
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

// make makes a ledger with keys of its own, which begins with the epoch, and returns its folder.
func (w *world) make(name identity.Jurisdiction, epoch uint64) (dir string) {
	w.t.Helper()
	dir = w.t.TempDir()
	if _, err := host.Make(dir, name, host.New{Now: w.now(), Epoch: epoch, Hosted: 1}); err != nil {
		w.t.Fatal(err)
	}
	return dir
}

// fork copies a ledger with its keys, as its owner may, and opens the copy, which is told that
// nobody saw more.
func (w *world) fork(p *place) *host.Host {
	w.t.Helper()
	c, signed, err := p.Checkpoint(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	dir := filepath.Join(w.t.TempDir(), "copy")
	if err := os.CopyFS(dir, os.DirFS(p.dir)); err != nil {
		w.t.Fatal(err)
	}
	own := w.open(dir, p.Name())
	parent, _ := p.Name().Parent()
	own.AskWitnesses(w.t.Context(), believer{host.Seen{By: parent, Checkpoint: c, Note: signed}})
	return own
}

// believer is a witness that saw no more than this.
type believer struct{ host.Seen }

// Largest implements host.Witnesses.
func (b believer) Largest(context.Context) ([]host.Seen, error) { return []host.Seen{b.Seen}, nil }

// Elsewhere implements host.Witnesses.
func (b believer) Elsewhere() ([]identity.Jurisdiction, bool) {
	return []identity.Jurisdiction{b.By}, true
}

// open opens a ledger.
func (w *world) open(dir string, name identity.Jurisdiction) *host.Host {
	w.t.Helper()
	registry := state.NewRegistry()
	tree.Register(registry)
	breaks.Register(registry)
	rosters.Register(registry, func(*state.Tx, identity.Label) error { return nil })
	Register(registry)
	own := must2(host.Open(w.t.Context(), dir, name, host.Options{Registry: registry, Logger: slog.New(slog.DiscardHandler), Now: w.now}))(w.t)
	w.t.Cleanup(func() { own.Close() })
	return own
}

// must2 lets a call with two results stand in an expression.
func must2[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T { t.Helper(); return must(t, v, err) }
}

func (w *world) add(name identity.Jurisdiction) {
	w.t.Helper()
	epoch := uint64(1)
	if before := w.places[name]; before != nil {
		epoch += before.Log().Epoch()
	}
	dir := w.make(name, epoch)
	p := &place{Host: w.open(dir, name), dir: dir, log: &strings.Builder{}}
	logger := slog.New(slog.NewTextHandler(p.log, nil))
	p.table = neighbours.New(p.Host, w.now, logger)
	endorser := tree.NewEndorser(p.Host, w.now)
	memory := breaks.New(p.Host, func() trust.Signer { return p.Signer() }, w.now, logger)
	p.chains = chains.New(p.Host, endorser, p.table, memory, func(ctx context.Context, to identity.Jurisdiction, frame []byte) ([]byte, error) {
		return w.knock(ctx, name, to, frame)
	}, w.now)
	p.door = door.Door{
		Parent: p.Host, Now: w.now, Say: endorser.Say, Prove: p.chains.Prove, Alarm: p.table.Alarm, Settled: p.table.Over, Budget: door.NewBudget(),
		Changed: p.table.Refresh, Stale: func(peer, below identity.Jurisdiction) { p.chains.Told(peer, below) },
	}
	w.places[name] = p
	if above, ok := name.Parent(); ok && w.places[above] != nil {
		w.join(w.places[above], p.Host)
	}
	w.furnish(p)
}

// furnish makes the relay and the upkeep of a place.
func (w *world) furnish(p *place) {
	w.t.Helper()
	published := rosters.New(p.Host, nil, func(context.Context, identity.Jurisdiction) {})
	where := standing.New(p.Host, roster.Place{Name: p.Name()}, zone.Home, p.table, p.chains, published, func(identity.Jurisdiction) time.Time { return w.now() })
	p.upkeep = neighbours.NewUpkeep(p.table, p.Host, neighbours.UpkeepOptions{
		Reach: func(_ context.Context, parent identity.Jurisdiction) (door.Asker, func(), error) {
			return line{w, p.Name(), parent}, func() {}, nil
		},
		Changed: func() {},
	})
	p.chains.AskAbove(p.upkeep.Anew)
	serves := relay.NewRegistry()
	Serve(serves, p.Name(), where, w.now)
	p.where = where
	p.relay = w.relayOf(p, serves)
	p.desk = New(Options{
		Ledger: p.Host, Keys: p.Host, Asker: p.relay, Believes: where, Parent: p.table.Parent, Root: p.table.Root,
		Listed: func() []identity.Jurisdiction {
			return slices.SortedFunc(maps.Keys(w.places), func(a, b identity.Jurisdiction) int { return strings.Compare(a.String(), b.String()) })
		},
		Up: func() bool { return !p.cut }, Heard: func() time.Time { return p.heard }, Now: w.now,
		Logger: slog.New(slog.NewTextHandler(p.log, nil)),
	})
	w.refresh(p)
}

func (w *world) relayOf(p *place, serves *relay.Registry) *relay.Relay {
	return relay.New(w.localOf(p, serves))
}

func (w *world) localOf(p *place, serves *relay.Registry) relay.Local {
	return relay.Local{
		Name: p.Name(), Parent: p.table.Parent, Child: p.table.IsChild, Signer: func() envelope.Signer { return p.Signer() },
		Opener: envelope.NewOpener(p.Host), Trust: p.where, Links: w, Operations: serves, Problem: failure.Told, Now: w.now,
	}
}

func (w *world) refresh(p *place) {
	w.t.Helper()
	if err := p.table.Refresh(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// line is a link to a neighbour's door.
type line struct {
	w        *world
	from, to identity.Jurisdiction
}

func (l line) Exchange(ctx context.Context, frame []byte) ([]byte, error) {
	return l.w.knock(ctx, l.from, l.to, frame)
}

func (w *world) knock(ctx context.Context, from, to identity.Jurisdiction, frame []byte) ([]byte, error) {
	answer, _, err := w.places[to].door.AnswerNeighbour(ctx, from, frame)
	return answer, err
}

// Exchange implements relay.Links.
func (w *world) Exchange(ctx context.Context, local, to identity.Jurisdiction, request []byte, each func([]byte) error) error {
	p := w.places[to]
	if p == nil {
		return fmt.Errorf("%w: from %s to %s", link.ErrNoLink, local, to)
	}
	if p.pass != nil {
		if err := p.pass(local, request); err != nil {
			return err
		}
	}
	if p.late {
		request = w.hurried(request)
	}
	for range p.copies {
		if err := p.relay.Serve(ctx, local, request, func([]byte) error { return nil }); err != nil {
			return err
		}
	}
	return p.relay.Serve(ctx, local, request, each)
}

// hurried returns a request as a hop hands it over that says that nobody waits any more.
func (w *world) hurried(request []byte) []byte {
	e := must2(envelope.Decode(request))(w.t)
	e.Hop.Remaining = 0
	return must2(e.Encode())(w.t)
}

// join makes the keys of child those of a child of the parent, as the doors do, also anew, and
// gives the child the levels above it. It returns the entry.
func (w *world) join(parent *place, child *host.Host) identity.Entry {
	w.t.Helper()
	entry := w.endorse(parent.Host, child, nil)
	w.refresh(parent)
	levels, root, err := parent.Chain(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	said := must2(tree.NewEndorser(parent, w.now).Say(w.t.Context(), child.Name().Label()))(w.t)
	levels[len(levels)-1].Endorsement, levels[len(levels)-1].Standing = said.Proof, said.Standing
	if _, err := child.SetAbove(w.t.Context(), root, levels); err != nil {
		w.t.Fatal(err)
	}
	return entry
}

// endorse has the parent invite the child with rekey, and redeems the invitation with the key sets;
// none: those of the child's ledger.
func (w *world) endorse(parent *host.Host, child *host.Host, sets [][]byte) identity.Entry {
	w.t.Helper()
	ctx := w.t.Context()
	w.secret++
	secret, binding := fmt.Appendf(nil, "secret %d", w.secret), [32]byte{1}
	_, err := tree.Invite(ctx, parent, must2(identity.NewMessage())(w.t), tree.Invitation{
		Place:  tree.Place{Name: child.Name(), DisplayName: child.Name().String()},
		Secret: tree.SecretHash(secret), Until: w.now().Add(time.Hour), Rekey: true,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if sets == nil {
		sets = must2(child.KeySets(ctx))(w.t)
	}
	entry := must2(tree.Redeem(ctx, parent, tree.Redemption{
		Child: child.Name(), Secret: secret, KeySets: sets, Replica: child.Replica(),
		Possession: child.SignLog(tree.PossessionInput(binding, tree.SecretHash(secret))),
	}, binding, w.now()))(w.t)
	return entry
}

// usurp has the parent make keys under its child's name and endorse them, in a copy of its ledger,
// to everybody but the child, to which it shows the true endorsement. Where it is sly, the forged
// key set lists the child's own CA and signing certificate, so that what the child signs is
// believed, and what others encrypt to the child the parent reads.
func (w *world) usurp(parent, child *place, sly bool) (forged trust.KeySet) {
	w.t.Helper()
	thief, forks := w.open(w.make(child.Name(), 2), child.Name()), w.fork(parent)
	sets := must2(thief.KeySets(w.t.Context()))(w.t)
	forged = newest(w.t, sets)
	if sly {
		forged.Replicas[0].CACert = newest(w.t, must2(child.KeySets(w.t.Context()))(w.t)).Replicas[0].CACert
		forged.Replicas[0].SigningCert = newest(w.t, must2(child.KeySets(w.t.Context()))(w.t)).Replicas[0].SigningCert
	}
	sig := trust.Signature{Replica: thief.Replica(), Sig: thief.SignLog(forged.SigningInput())}
	sets = [][]byte{must2(trust.Assemble(forged, []trust.Signature{sig}))(w.t)}
	entry := w.endorse(forks, thief, sets)
	truth := parent.door.Prove
	parent.door.Prove = func(ctx context.Context, peer identity.Jurisdiction, wanted door.Wanted) ([]trust.Level, error) {
		if wanted.Name != child.Name() || peer == child.Name() {
			return truth(ctx, peer, wanted)
		}
		return w.forgedLevels(forks, entry, sets), nil
	}
	return forged
}

// forgedLevels is the chain down to the key sets that an entry of the parent endorses, with a
// standing of now.
func (w *world) forgedLevels(parent *host.Host, entry identity.Entry, sets [][]byte) []trust.Level {
	w.t.Helper()
	levels, _, err := parent.Chain(w.t.Context())
	if err != nil {
		w.t.Error(err)
	}
	last := &levels[len(levels)-1]
	last.Endorsement = must2(parent.ProveEndorsement(w.t.Context(), entry.Index()))(w.t)
	payload := must2(ledger.PayloadIn(last.Endorsement))(w.t)
	hash := sha256.Sum256(payload)
	e := must2(trust.DecodeEndorsement(payload))(w.t)
	last.Standing = must2(trust.Standing{
		Child: e.Child, Entry: entry.Index(), Hash: hash[:], Size: entry.Index() + 9, Time: uint64(w.now().UnixMilli()),
	}.Sign(parent.Signer()))(w.t)
	return append(levels, trust.Level{KeySets: sets})
}

func newest(t testing.TB, signed [][]byte) trust.KeySet {
	t.Helper()
	walked := must2(trust.Walk(must2(trust.PinOf(signed[0]))(t), signed))(t)
	return walked[len(walked)-1]
}
