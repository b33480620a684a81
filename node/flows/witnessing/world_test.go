package witnessing

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/budget"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

// place is one jurisdiction of a tree whose links are function calls.
type place struct {
	said lines // what it logged
	w    *world
	name identity.Jurisdiction
	dir  string
	*host.Host
	desk *Desk

	down atomic.Bool // its links are down
	here bool        // its neighbours are on its node
	on   string      // the node that it runs on; "": one of its own
	// answers, if not nil, changes what it answers to a call.
	answers func(operation string, content []byte) []byte
	// refuses, if not nil, says what of its own questions comes to nothing.
	refuses func(operation string) error
}

// world is a tree of jurisdictions; ahead is added to the time.
type world struct {
	t      *testing.T
	mu     sync.Mutex
	places map[identity.Jurisdiction]*place
	ahead  time.Duration
	ended  map[identity.Jurisdiction]bool      // whose keys count no more
	pins   map[identity.Jurisdiction]trust.Pin // by which children of children are believed
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

func must[T any](t testing.TB, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func newWorld(t *testing.T, names ...string) *world {
	t.Helper()
	w := &world{t: t, places: map[identity.Jurisdiction]*place{}, ended: map[identity.Jurisdiction]bool{}, pins: map[identity.Jurisdiction]trust.Pin{}}
	for _, s := range names {
		name, err := identity.ParseJurisdiction(s)
		if err != nil {
			t.Fatal(err)
		}
		p := &place{w: w, name: name, dir: filepath.Join(t.TempDir(), "j")}
		if _, err := host.Make(p.dir, name, host.New{Now: w.now(), Epoch: 1, Hosted: 1}); err != nil {
			t.Fatal(err)
		}
		w.places[name] = p
		p.open()
	}
	t.Cleanup(func() {
		for _, p := range w.places {
			if p.Host != nil {
				p.Close()
			}
		}
	})
	return w
}

func (w *world) at(s string) *place {
	w.t.Helper()
	name, err := identity.ParseJurisdiction(s)
	if err != nil || w.places[name] == nil {
		w.t.Fatalf("no place %s: %v", s, err)
	}
	return w.places[name]
}

// say appends an entry.
const say book.Command[book.Statement, ledger.Ref] = 9001

// act appends acts, each after two entries that are none.
const act book.Command[actBody, book.Nothing] = 9002

type actBody struct {
	_         struct{} `cbor:",toarray"`
	N         int
	Statement book.Statement
}

// fill says that so much is kept of heads of a branch, which there is not, and keeps heads of logs
// that there are not.
const fill book.Command[fillBody, book.Nothing] = 9003

type fillBody struct {
	_             struct{} `cbor:",toarray"`
	Child, Branch identity.Jurisdiction
	Held          held
	Known         int
}

// swap puts another excerpt into the first piece that is kept of a log.
const swap book.Command[swapBody, book.Nothing] = 9004

type swapBody struct {
	_       struct{} `cbor:",toarray"`
	Log     identity.Log
	Excerpt []byte
}

func applySwap(tx *state.Tx, b swapBody) (done book.Nothing, err error) {
	p, _ := pieces.Load(tx, keyOfPiece(b.Log, 0))
	p.Excerpt = b.Excerpt
	return done, pieces.Save(tx, keyOfPiece(b.Log, 0), p)
}

func applyAct(tx *state.Tx, b actBody) (done book.Nothing, err error) {
	for range b.N {
		for _, kind := range []ledger.Kind{ledger.KindAccess, ledger.KindAccess, ledger.KindGrantRevoked} {
			if _, err := b.Statement.Append(tx, ledger.Head{Kind: kind}); err != nil {
				return done, err
			}
		}
	}
	return done, nil
}

func applyFill(tx *state.Tx, b fillBody) (done book.Nothing, err error) {
	for i := range b.Known {
		label, err := identity.ParseLabel(fmt.Sprintf("f%d", i))
		if err != nil {
			return done, err
		}
		name, err := b.Branch.Child(label)
		if err != nil {
			return done, err
		}
		log, err := identity.NewLog(name, 1)
		if err != nil {
			return done, err
		}
		k := risen{Log: log, To: 1, Last: ledger.Frontier{Hashes: []tlog.Hash{}}}
		if err := risenOf.Save(tx, keyOfRisen(b.Child, log), k); err != nil {
			return done, err
		}
	}
	return done, heldOf.Save(tx, keyOfHeld(b.Child, b.Branch), b.Held)
}

// inEpoch has the place begin its ledger anew, in an epoch.
func (p *place) inEpoch(epoch uint64) {
	p.w.t.Helper()
	if err := p.Close(); err != nil {
		p.w.t.Fatal(err)
	}
	p.dir = filepath.Join(p.w.t.TempDir(), "j")
	must2(host.Make(p.dir, p.name, host.New{Now: p.w.now(), Epoch: epoch, Hosted: 1}))(p.w.t)
	p.open()
}

// open opens the ledger in the folder of the place, with a desk that remembers nothing.
func (p *place) open() {
	p.w.t.Helper()
	registry := state.NewRegistry()
	Register(registry)
	say.Handle(registry, func(tx *state.Tx, s book.Statement) (ledger.Ref, error) {
		return s.Append(tx, ledger.Head{Kind: ledger.KindAccess})
	})
	act.Handle(registry, applyAct)
	fill.Handle(registry, applyFill)
	swap.Handle(registry, applySwap)
	logs.Handle(registry, applyLogs)
	endorse.Handle(registry, applyEndorse)
	beginning.Handle(registry, applyBeginning)
	logger := slog.New(slog.NewTextHandler(&p.said, nil))
	own, err := host.Open(p.w.t.Context(), p.dir, p.name, host.Options{Registry: registry, Logger: logger, Now: p.w.now})
	p.Host = must(p.w.t, own, err)
	p.desk = New(Options{
		Own: p.Host, Asker: p, Parent: p.parent, Children: p.children, KeySets: p.w.believed, Now: p.w.now, Logger: logger,
		Here: p.hereIs, Above: p.above, AboveParent: p.aboveParent,
		Apart: func(of identity.Jurisdiction) {
			if o := p.w.places[of]; o != nil { // heads are filled in of places that there are not
				o.desk.LinkedAbove()
			}
		},
		Believed: func(_ context.Context, of identity.Jurisdiction) (trust.Pin, bool) {
			pin, ok := p.w.pins[of]
			return pin, ok
		},
		Up: func(to identity.Jurisdiction) bool {
			return !p.down.Load() && p.w.places[to] != nil && !p.w.places[to].down.Load()
		},
	})
}

func (p *place) parent() (above identity.Jurisdiction, joined bool) {
	above, _ = p.name.Parent()
	return above, p.w.places[above] != nil
}

// hereIs reports whether another place is on the node of this one.
func (p *place) hereIs(other identity.Jurisdiction) bool {
	o := p.w.places[other]
	return p.here || p.on != "" && o != nil && o.on == p.on
}

// above is the first level above on another node.
func (p *place) above() (above identity.Jurisdiction, ok bool) {
	for above, ok = p.parent(); ok && p.hereIs(above); {
		above, ok = p.w.places[above].parent()
	}
	return above, ok
}

// aboveParent is the level above the parent, on another node.
func (p *place) aboveParent() (above identity.Jurisdiction, ok bool) {
	parent, ok := p.parent()
	if ok {
		above, ok = p.w.places[parent].parent()
	}
	return above, ok && !p.hereIs(above)
}

func (p *place) children() (all []identity.Jurisdiction) {
	for name := range p.w.places {
		if above, _ := name.Parent(); above == p.name {
			all = append(all, name)
		}
	}
	return all
}

// believed returns the key sets of a place.
func (w *world) believed(of identity.Jurisdiction) ([]trust.Believed, error) {
	p := w.places[of]
	if p == nil {
		return nil, errors.New("not a neighbour")
	}
	signed := must2(p.KeySets(w.t.Context()))(w.t)
	all := trust.Always(must2(trust.Walk(must2(trust.PinOf(signed[0]))(w.t), signed))(w.t)...)
	if w.ended[of] {
		all[len(all)-1].Until = w.now().Add(-time.Minute)
	}
	return all, nil
}

func must2[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T { t.Helper(); return must(t, v, err) }
}

// Ask implements Asker: the other place answers at once.
func (p *place) Ask(ctx context.Context, _ identity.Message, to identity.Jurisdiction, call envelope.Call) (a relay.Answer, err error) {
	other := p.w.places[to]
	if p.down.Load() || other == nil || other.down.Load() {
		return a, text.Fail(text.Unreachable, text.Args{"jurisdiction": to.String()}, nil)
	}
	if p.refuses != nil {
		if err := p.refuses(call.Operation.String()); err != nil {
			return a, err
		}
	}
	ctx = budget.With(ctx, budget.Payer{Neighbour: p.name.String()})
	a.Content, err = other.serve(ctx, relay.Received{Header: envelope.Header{Origin: p.name}, Call: call})
	if err == nil && other.answers != nil {
		a.Content = other.answers(call.Operation.String(), a.Content)
	}
	return a, err
}

// served serves an operation as the relay does.
func served[P, R any](ctx context.Context, o operation.Operation[P, R], r relay.Received, serve func(context.Context, relay.Received, P) (R, error)) (result any, err error) {
	parameters, err := o.Parameters(r)
	if err != nil {
		return nil, err
	}
	return serve(ctx, r, parameters)
}

func (p *place) serve(ctx context.Context, r relay.Received) ([]byte, error) {
	var result any
	var err error
	switch operation := r.Call.Operation.String(); operation {
	case string(operationWitness):
		result, err = served(ctx, operationWitness, r, p.desk.witness)
	case string(operationAct):
		result, err = served(ctx, operationAct, r, p.desk.witnessAct)
	case string(operationLargest):
		result, err = served(ctx, operationLargest, r, p.desk.tellLargest)
	case string(operationRisen):
		result, err = served(ctx, operationRisen, r, p.desk.tellRisen)
	case string(operationRaise):
		result, err = served(ctx, operationRaise, r, p.desk.takeHeads)
	case string(operationHeads):
		result, err = served(ctx, operationHeads, r, p.desk.tellHeads)
	case string(operationLogs):
		result, err = served(ctx, operationLogs, r, p.desk.tellLogs)
	default:
		p.w.t.Fatalf("operation %s", operation)
	}
	if err != nil {
		return nil, err
	}
	return canon.Marshal(result)
}

// says appends n entries to the ledger of the place.
func (p *place) says(n int) {
	p.w.t.Helper()
	for range n {
		s := must2(p.Note("text/plain", []byte(strings.Repeat("x", 9))))(p.w.t)
		must2(say.Do(p.w.t.Context(), p.Host, book.Request{}, s))(p.w.t)
	}
}

// round lets a minute pass, and every place show its checkpoint.
func (w *world) round() {
	w.t.Helper()
	w.elapse(every)
	for _, name := range inOrder(w.places) {
		w.places[name].desk.Round(w.t.Context())
	}
}

// copied stops the place, copies its folder, and starts it again. It returns the folder.
func (p *place) copied() (dir string) {
	p.w.t.Helper()
	dir = filepath.Join(p.w.t.TempDir(), "copy")
	if err := p.Close(); err != nil {
		p.w.t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(p.dir)); err != nil {
		p.w.t.Fatal(err)
	}
	p.open()
	return dir
}

// becomes stops the place, and starts it with what is in a folder in the place of its own files, as
// a machine that was set back: a folder elsewhere would be known as a copy. It returns a folder
// with what was there before.
func (p *place) becomes(dir string) (before string) {
	p.w.t.Helper()
	if err := p.Close(); err != nil {
		p.w.t.Fatal(err)
	}
	before = filepath.Join(p.w.t.TempDir(), "before")
	if err := errors.Join(os.CopyFS(before, os.DirFS(p.dir)), setBack(dir, p.dir)); err != nil {
		p.w.t.Fatal(err)
	}
	p.open()
	return before
}

// setBack writes the files of a folder into those of another one, which keep what the file system
// knows of them.
func setBack(from, to string) error {
	if err := os.RemoveAll(filepath.Join(to, "wal")); err != nil {
		return err
	}
	return fs.WalkDir(os.DirFS(from), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return errors.Join(err, os.MkdirAll(filepath.Join(to, name), 0o700))
		}
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), data, 0o600)
	})
}

func (p *place) size() (n uint64) {
	p.w.t.Helper()
	p.read(func(r *state.Reader) { n = r.Size() })
	return n
}

func (p *place) read(f func(*state.Reader)) {
	p.w.t.Helper()
	if err := p.View(p.w.t.Context(), func(r *state.Reader) error { f(r); return nil }); err != nil {
		p.w.t.Fatal(err)
	}
}

func (p *place) of(other *place) (v View) {
	p.read(func(r *state.Reader) { v = p.desk.Of(r, other.name) })
	return v
}

func (p *place) findings() (all []Finding) {
	p.read(func(r *state.Reader) { all = p.desk.Findings(r) })
	return all
}

// heads returns the heads of the entries of a kind.
func (p *place) heads(kind ledger.Kind) (all []ledger.Head) {
	p.read(func(r *state.Reader) {
		for i := range r.Size() {
			if leaf := must2(ledger.DecodeLeaf(r.Leaf(i)))(p.w.t); leaf.Head.Kind == kind {
				all = append(all, leaf.Head)
			}
		}
	})
	return all
}

func code(err error) text.Code {
	if f, ok := errors.AsType[*text.Failure](err); ok {
		return f.Code
	}
	return ""
}

// lines is a log that several goroutines write.
type lines struct {
	mu   sync.Mutex
	said strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.said.Write(p)
}

func (l *lines) has(what ...string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.said.String()) {
		if !slices.ContainsFunc(what, func(w string) bool { return !strings.Contains(line, w) }) {
			return true
		}
	}
	return false
}
