// Package callstest is a city and the counties below it, for the tests of the rooms that ask other
// jurisdictions, and are asked.
//
// Each is a hosted jurisdiction as a node has it: a ledger on disk, real keys, a relay and the
// desks of every room, put together as in a node. The relays are joined in memory, where a test can
// break the line, lose answers, and see the frames that were sent; every place believes the keys of
// every other. A test can also keep a place from recording, or choose the answer that it receives.
// Only tests import the package.
package callstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/exchange/link"
	"xietong/exchange/relay"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/business/sharing"
	"xietong/node/flows/adoption"
	"xietong/node/flows/anywhere"
	"xietong/node/flows/calls"
	"xietong/node/flows/federated"
	"xietong/node/flows/selfcheck"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree/chains"
)

// Names of the places.
var (
	Guiyang = Name("guiyang.guizhou") // the city
	Nanming = Name("nanming.guiyang.guizhou")
	Yunyan  = Name("yunyan.guiyang.guizhou")
)

// Options are the parts of a world that a test may change.
type Options struct {
	Counties []identity.Jurisdiction // none: Nanming
	Unlisted []identity.Jurisdiction // counties that the roster does not list
	Listed   gather.List             // further places that the roster lists
	// Federated, if not nil, registers the operations by which a place serves federated requests.
	Federated func(p *Place, in *relay.Registry)
}

// World is the city and its counties.
type World struct {
	City, County *Place // the first county
	Places       []*Place

	NoKeys  func(of identity.Jurisdiction) error // why there are no keys of a place now; nil: there are
	Revoked func(of identity.Jurisdiction) bool  // whether the key sets of a place are others now

	// Strange says whether a place is believed to have the keys of another.
	Strange func(of identity.Jurisdiction) bool

	Lost bool  // answers do not come back
	Cut  error // nothing is sent, for this reason
	// Twice has the city hand each request to a county twice, and keep the second answer.
	Twice bool
	// Breaks, if not nil, says of each message whether it does not arrive, or its answer does not
	// come back.
	Breaks func(local, to identity.Jurisdiction, kind envelope.Kind) (lost, unanswered bool)
	// Late, if not nil, says of each message whether it is handed over late, with so many ms left.
	Late func(local, to identity.Jurisdiction, kind envelope.Kind) (left uint32, late bool)

	o       Options
	ahead   atomic.Int64 // ns: the clocks
	mu      sync.Mutex
	frames  [][]byte
	answers [][]byte
}

// Place is one hosted jurisdiction, as a node has it.
type Place struct {
	*host.Host
	Records   *records.Desk
	Engine    *calls.Engine
	Ask       *anywhere.Desk
	Federated *federated.Desk
	Lists     *catalog.Lists
	Serves    *relay.Registry // the operations that it serves
	Adoption  *adoption.Desk
	Sets      []trust.Believed

	Opens  time.Duration // that each record takes to open
	Broken error         // the error of every recording; nil: recording works
	Told   *relay.Answer // the answer to every call; nil: the relay brings the answer

	name  identity.Jurisdiction
	dir   string
	relay *relay.Relay
}

// New returns a world in which every place has the agencies and datasets of found.
func New(t testing.TB, o Options) *World {
	t.Helper()
	if len(o.Counties) == 0 {
		o.Counties = []identity.Jurisdiction{Nanming}
	}
	w := &World{o: o}
	for _, name := range slices.Concat([]identity.Jurisdiction{Guiyang}, o.Counties) {
		p := &Place{name: name, dir: t.TempDir()}
		w.Places = append(w.Places, p)
		w.open(t, p)
		t.Cleanup(func() {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
		p.found(t)
	}
	w.City, w.County = w.Places[0], w.Places[1]
	w.introduce(t)
	return w
}

// introduce has every place ask every other for its list of agencies, so that the frames of a test
// are those of its own questions.
func (w *World) introduce(t testing.TB) {
	t.Helper()
	for _, p := range w.Places {
		for _, other := range w.Places {
			r := relay.Received{Header: envelope.Header{Origin: other.name}, Call: envelope.Call{Agency: Civil}}
			err := other.View(t.Context(), func(s *state.Reader) error { r.Call.Agencies = catalog.ListName(s); return nil })
			if err == nil {
				_, err = p.Lists.Consumer(t.Context(), r)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	w.frames = nil
}

// At returns a place.
func (w *World) At(name identity.Jurisdiction) *Place {
	return w.Places[slices.IndexFunc(w.Places, func(p *Place) bool { return p.name == name })]
}

// Reopen closes a place and opens it anew, as a restart does.
func (w *World) Reopen(t testing.TB, p *Place) {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	w.open(t, p)
}

// open opens the ledger of a place, and puts its desks together as a node does.
func (w *World) open(t testing.TB, p *Place) {
	t.Helper()
	must(host.Create(p.dir, p.name, time.Now(), 1))
	var err error
	p.Host, err = host.Open(t.Context(), p.dir, p.name, host.Options{
		Registry: commands(), Logger: slog.New(slog.DiscardHandler), Now: w.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Sets = trust.Always(must(trust.Walk(must(p.Pin()), must(p.KeySets(t.Context()))))...)
	operations, level := relay.NewRegistry(), ""
	if p.name != Guiyang {
		level = "county"
	}
	p.Serves = operations
	p.relay = w.relayOf(p, operations)
	p.Engine = calls.New(recording{p.Host, p}, asker{p})
	p.Records = records.NewDesk(opening{p.Host, p})
	receipts := sharing.NewDesk(p.Host, records.DatasetState)
	p.Ask = anywhere.New(p.Host, p.Records, receipts, p.Engine)
	p.Federated = federated.New(p.Host, p.Records, p.Ask, p.Engine, p.relay, around{w, p})
	p.Adoption = adoption.New(p.Host, func() string { return level }, p.Ask, p.Records)
	p.Lists = catalog.NewLists(p.name, p.Engine, time.Now, slog.New(slog.DiscardHandler))
	p.Lists.OnEnd(func(ctx context.Context, agency identity.Agency, by envelope.AgencyList, given bool) error {
		return sharing.HearEnd(ctx, p.Host, agency, by, given)
	})
	p.Records.Giving = p.Lists.Giving
	p.Records.Serve(operations, p.Lists)
	catalog.Serve(operations, p.Host)
	receipts.Serve(operations)
	selfcheck.Serve(operations, p.name, w, time.Now)
	if w.o.Federated != nil {
		w.o.Federated(p, operations)
	} else {
		p.Federated.Serve(operations, p.Lists)
	}
}

func (w *World) now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }

// SetAhead sets how far the clock of every place is ahead.
func (w *World) SetAhead(d time.Duration) { w.ahead.Store(int64(d)) }

func commands() *state.Registry {
	r := state.NewRegistry()
	catalog.Register(r, records.LastChange)
	records.Register(r)
	sharing.Register(r, records.DatasetState, nil)
	calls.Register(r)
	federated.Register(r)
	adoption.Register(r, records.LastChange)
	return r
}

func (w *World) relayOf(p *Place, operations *relay.Registry) *relay.Relay {
	return relay.New(relay.Local{
		Name:   p.name,
		Parent: func() (identity.Jurisdiction, bool) { return Guiyang, p.name != Guiyang },
		Child: func(child identity.Jurisdiction) bool {
			return p.name == Guiyang && slices.Contains(w.o.Counties, child)
		},
		Signer: func() envelope.Signer { return p.Signer() }, Opener: envelope.NewOpener(p.Host), Trust: w, Links: w,
		Operations: operations, Shares: federated.Given{Own: p.Host}, Problem: failure.Told, Now: w.now,
	})
}

// Asker returns the relay, which sends calls as they are.
func (p *Place) Asker() calls.Asker { return p.relay }

// Serve takes a frame that comes over the line from another place, and returns the frames of the
// answer.
func (p *Place) Serve(t testing.TB, from identity.Jurisdiction, frame []byte) (answers [][]byte) {
	t.Helper()
	err := p.relay.Serve(t.Context(), from, frame, func(frame []byte) error {
		answers = append(answers, frame)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

// asker sends the calls of a place, unless the test has chosen the answer.
type asker struct{ of *Place }

// Ask asks a place; it is the Asker of the engine.
func (a asker) Ask(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (relay.Answer, error) {
	if a.of.Told != nil {
		return *a.of.Told, nil
	}
	return a.of.relay.Ask(ctx, id, to, call)
}

// Federate asks a place and those below it.
func (a asker) Federate(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (relay.Answer, error) {
	if a.of.Told != nil {
		return *a.of.Told, nil
	}
	return a.of.relay.Federate(ctx, id, to, call)
}

// KeySets returns the key sets of a place: every place is believed.
func (w *World) KeySets(_ context.Context, of identity.Jurisdiction, _ bool) ([]trust.Believed, error) {
	if w.NoKeys != nil {
		if err := w.NoKeys(of); err != nil {
			return nil, err
		}
	}
	if w.Revoked != nil && w.Revoked(of) {
		return nil, nil
	}
	if w.Strange != nil && w.Strange(of) {
		sets := slices.Clone(w.City.Sets)
		for i := range sets {
			sets[i].Name = of
		}
		return sets, nil
	}
	return w.At(of).Sets, nil
}

// Belief returns the key set that every place believes of a place.
func (w *World) Belief(ctx context.Context, of identity.Jurisdiction) (b chains.Belief, err error) {
	sets, err := w.KeySets(ctx, of, false)
	if err == nil && len(sets) > 0 {
		b = chains.Belief{KeySet: sets[len(sets)-1].KeySet, AsOf: time.Now()}
	}
	return b, err
}

// Kept returns the key sets that KeySets returns.
func (w *World) Kept(of identity.Jurisdiction) []trust.Believed {
	sets, _ := w.KeySets(context.Background(), of, false)
	return sets
}

// Exchange carries a request to the relay at the other end.
func (w *World) Exchange(ctx context.Context, local, to identity.Jurisdiction, request []byte, each func([]byte) error) error {
	if w.Cut != nil {
		return w.Cut
	}
	w.mu.Lock()
	w.frames = append(w.frames, bytes.Clone(request))
	w.mu.Unlock()
	unanswered := false
	if w.Breaks != nil {
		lost := false
		if lost, unanswered = w.Breaks(local, to, must(envelope.Decode(request)).Header().Kind); lost {
			return link.ErrNoLink
		}
	}
	if e := must(envelope.Decode(request)); w.Late != nil {
		if left, late := w.Late(local, to, e.Header().Kind); late {
			e.Hop.Remaining = left
			request = must(e.Encode())
		}
	}
	if w.Twice && local == Guiyang {
		if err := w.At(to).relay.Serve(ctx, local, request, func([]byte) error { return nil }); err != nil {
			return err
		}
	}
	return w.At(to).relay.Serve(ctx, local, request, func(frame []byte) error {
		w.mu.Lock()
		w.answers = append(w.answers, bytes.Clone(frame))
		w.mu.Unlock()
		if w.Lost || unanswered {
			return errors.New("the link broke")
		}
		return each(frame)
	})
}

// Frames returns the requests that were sent, as they went over each line.
func (w *World) Frames() [][]byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.frames)
}

// Answers returns the answers, as they went over each line.
func (w *World) Answers() [][]byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.answers)
}

// around is the tree, as one of its places knows it.
type around struct {
	*World
	of *Place
}

// Roster lists the places.
func (a around) Roster() gather.Roster {
	all := gather.List{{Name: Guiyang, Level: "prefecture"}}
	for _, name := range a.o.Counties {
		if slices.Contains(a.o.Unlisted, name) {
			continue
		}
		all = append(all, gather.Place{Name: name, Level: "county"})
	}
	return gather.Roster{Number: 1, Places: append(all, a.o.Listed...)}
}

// RosterOf returns the list of the places, or refuses another one.
func (a around) RosterOf(_ context.Context, number uint64, hash [32]byte) (gather.Roster, error) {
	r := a.Roster()
	if r.Number != number || r.Hash != hash {
		return gather.Roster{}, text.Fail(text.RosterAbsent, text.Args{"number": fmt.Sprint(number), "jurisdiction": a.of.name.String()}, nil)
	}
	return r, nil
}

// Children returns the counties to the city.
func (a around) Children() []identity.Jurisdiction {
	if a.of.name != Guiyang {
		return nil
	}
	return a.o.Counties
}

// Gone is empty: who joined stays.
func (around) Gone() []identity.Jurisdiction { return nil }

// Absent is not asked: see Gone.
func (around) Absent(identity.Jurisdiction) error { return nil }

// LastHeard knows of no child.
func (around) LastHeard(identity.Jurisdiction) (never time.Time) { return never }
