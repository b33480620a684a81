package breaks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/operation/operationtest"
	"xietong/node/ground/text"
	"xietong/node/tree/treetest"
)

const meitan = "meitan.zunyi.guizhou"

var quiet = slog.New(slog.DiscardHandler)

// linkOf is a level of a verified chain that ends with the last of the key sets.
func linkOf(sets ...trust.KeySet) trust.Link {
	newest := sets[len(sets)-1]
	hash := newest.Hash()
	return trust.Link{KeySets: sets, Endorsement: &trust.Endorsement{Child: newest.Name, Number: newest.Number, Hash: hash[:]}}
}

// below is a chain from 贵州省 down.
func below(t *testing.T, links ...trust.Link) []trust.Link {
	return append([]trust.Link{{KeySets: []trust.KeySet{called(t, "guizhou", setAfter(nil, 95, 60))}}}, links...)
}

// called renames a key set of number 1.
func called(t *testing.T, name string, k trust.KeySet) trust.KeySet {
	k.Name = treetest.Name(t, name)
	return k
}

// TestWhoWaits: nothing waits for oneself, in the branch of the parent, and for those above; in the
// tree of the root, which is everybody's, that holds for the root alone.
func TestWhoWaits(t *testing.T) {
	for self, want := range map[string]map[string]bool{
		"guizhou":                   {"zunyi.guizhou": false, meitan: true, "town." + meitan: true},
		"zunyi.guizhou":             {"zunyi.guizhou": false, "guiyang.guizhou": true, meitan: false, "town." + meitan: true},
		meitan:                      {"zunyi.guizhou": false, "guiyang.guizhou": true, "honghuagang.zunyi.guizhou": false, "town." + meitan: false, "nanming.guiyang.guizhou": true},
		"honghuagang.zunyi.guizhou": {"zunyi.guizhou": false, meitan: false, "town." + meitan: true},
		"nanming.guiyang.guizhou":   {"zunyi.guizhou": true, meitan: true, "guiyang.guizhou": false, "yunyan.guiyang.guizhou": false},
	} {
		s := New(booktest.New(t, self, state.NewRegistry()), nil, time.Now, quiet)
		for of, waits := range want {
			if got := s.waitsFor(treetest.Name(t, of), treetest.Name(t, "guizhou")); got != waits {
				t.Errorf("at %s, for %s: got %t, want %t", self, of, got, waits)
			}
		}
	}
	city := New(booktest.New(t, "honghuagang.zunyi.guizhou", state.NewRegistry()), nil, time.Now, quiet)
	if !city.waitsFor(treetest.Name(t, meitan), treetest.Name(t, "zunyi.guizhou")) {
		t.Error("in the tree of a city that has joined none, a child of the root does not wait")
	}
}

// scene is 南明区 with its store.
type scene struct {
	t *testing.T
	*treetest.Party
	*Store
}

func newScene(t *testing.T) *scene {
	s := &scene{t: t, Party: treetest.New(t, "nanming.guiyang.guizhou", Register)}
	s.open()
	return s
}

func (s *scene) open() { s.Store = New(s.Party.Host, nil, s.Clock, quiet) }

func (s *scene) judge(want text.Code, links ...trust.Link) {
	s.t.Helper()
	if err := s.Judge(s.t.Context(), below(s.t, links...)); treetest.Code(err) != want {
		s.t.Errorf("got %v, want %q", err, want)
	}
}

func (s *scene) pass(d time.Duration) { s.SetClock(s.Clock().Add(d)) }

// TestRestart: what was believed, what waits and who objected is remembered over restarts; a wait
// goes on where it was (S05b).
func TestRestart(t *testing.T) {
	s := newScene(t)
	one, other := setAfter(nil, 90, 1), setAfter(nil, 92, 8)
	again := func(d time.Duration) {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s.pass(d)
		s.Open(t)
		s.open()
	}
	s.judge("", linkOf(one))
	again(0)
	s.judge(text.KeysChanged, linkOf(other))
	again(Wait - time.Minute)
	s.judge(text.KeysChanged, linkOf(other))
	s.judge("", linkOf(one))
	again(2 * time.Minute)
	s.judge("", linkOf(other))
	again(0)
	s.judge(text.KeysChanged, linkOf(one))
	doc, err := trust.SignObjection(one.Pin(), s.Clock(), trust.Objector{Replica: other.Replicas[0].Replica, Sign: signer(8)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Object(t.Context(), doc); err != nil {
		t.Fatal(err)
	}
	again(Wait + time.Minute)
	s.judge(text.KeysObjected, linkOf(one))
	if waiting, err := s.Waiting(t.Context(), one.Name); err != nil || len(waiting) != 1 || !waiting[0].Objected || waiting[0].Believed != other.Pin() {
		t.Errorf("there wait %+v, %v", waiting, err)
	}
}

// TestPaperEndsTheWait: keys behind which the recovery key stands are believed at once, also while
// they wait and while the old log keys object.
func TestPaperEndsTheWait(t *testing.T) {
	s := newScene(t)
	one, other := setAfter(nil, 90, 1), setAfter(nil, 92, 8)
	s.judge("", linkOf(one))
	s.judge(text.KeysChanged, linkOf(other))
	doc, err := trust.SignObjection(other.Pin(), s.Clock(), trust.Objector{Replica: one.Replicas[0].Replica, Sign: signer(1)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Object(t.Context(), doc); err != nil {
		t.Fatal(err)
	}
	link := linkOf(other)
	link.Recovery = by(91, other)
	s.judge(text.KeysObjected, link)
	link.Recovery = by(90, other)
	s.judge("", link)
	s.judge("", linkOf(other))
	s.judge(text.KeysChanged, linkOf(one))
}

// carrier is who brings an objection: a county that has nothing to do with it.
type carrier struct {
	t    *testing.T
	pair *operationtest.Pair
}

func (c carrier) Ask(_ context.Context, _ identity.Message, _ identity.Jurisdiction, call envelope.Call) (relay.Answer, error) {
	return c.pair.Send(c.t, call)
}

// TestObjectionIsBrought: whoever has an objection may bring it, since its owner may not be able
// to: neither its new keys nor its old ones need be believed. What is none is refused (S05i).
func TestObjectionIsBrought(t *testing.T) {
	s, operations := newScene(t), relay.NewRegistry()
	s.Serve(operations)
	by := carrier{t, operationtest.New(t, operations)}
	one, other := setAfter(nil, 90, 1), setAfter(nil, 92, 8)
	s.judge("", linkOf(one))
	s.judge(text.KeysChanged, linkOf(other))
	object := func(n int) []byte {
		doc, err := trust.SignObjection(other.Pin(), s.Clock(), trust.Objector{Replica: one.Replicas[0].Replica, Sign: signer(n)})
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
	for _, row := range []struct {
		doc  []byte
		want text.Code
	}{{[]byte("x"), text.BadRequest}, {object(8), text.NotPossessed}, {object(1), ""}, {object(1), ""}} {
		err := Bring(t.Context(), by, by.pair.City, row.doc)
		var got text.Code
		if p, refused := errors.AsType[*relay.Problem](err); refused {
			got = text.ByNumber(p.Code)
		} else if err != nil {
			t.Fatal(err)
		}
		if got != row.want {
			t.Errorf("%x: got %v, want %q", row.doc, err, row.want)
		}
	}
	for _, doc := range [][]byte{nil, make([]byte, trust.MaxObjectionLen+1)} {
		if err := Bring(t.Context(), by, by.pair.City, doc); err == nil || by.pair.Sent.Load() != 4 {
			t.Errorf("%d bytes: got %v after %d requests", len(doc), err, by.pair.Sent.Load())
		}
	}
	s.pass(Wait + time.Minute)
	s.judge(text.KeysObjected, linkOf(other))
}

// TestUnchangedWritesNothing: what is remembered already is not written again.
func TestUnchangedWritesNothing(t *testing.T) {
	s := newScene(t)
	one, other := linkOf(setAfter(nil, 90, 1)), linkOf(setAfter(nil, 92, 8))
	s.judge("", one)
	s.judge(text.KeysChanged, other)
	s.pass(-100 * time.Hour) // nothing can be written under a clock that is so far behind
	s.judge("", one)
	s.judge(text.KeysChanged, other)
	if err := s.Judge(t.Context(), below(t, linkOf(setAfter(nil, 93, 10)))); err == nil || treetest.Code(err) == text.KeysChanged {
		t.Errorf("what cannot be remembered: got %v", err)
	}
}

// TestSeveralLevels: a level that waits ends the belief in all below it, of which nothing is
// remembered from such a chain.
func TestSeveralLevels(t *testing.T) {
	s := newScene(t)
	city, county := called(t, "zunyi.guizhou", setAfter(nil, 90, 1)), setAfter(nil, 90, 2)
	s.judge("", linkOf(city), linkOf(county))
	s.judge(text.KeysChanged, linkOf(called(t, "zunyi.guizhou", setAfter(nil, 92, 8))), linkOf(setAfter(nil, 93, 9)))
	if all, err := s.Waiting(t.Context(), identity.Jurisdiction{}); err != nil || len(all) != 1 || all[0].Pin.Name() != city.Name {
		t.Errorf("there wait %+v, %v", all, err)
	}
	if pin, ok, err := s.Believed(t.Context(), county.Name); err != nil || !ok || pin != county.Pin() {
		t.Errorf("the county is believed by %s, %t, %v", pin, ok, err)
	}
}

// TestToldOnce: a key set that waits is logged when it comes, and not again when another level of
// the chain is remembered.
func TestToldOnce(t *testing.T) {
	s, told := newScene(t), &strings.Builder{}
	s.Store = New(s.Party.Host, nil, s.Clock, slog.New(slog.NewTextHandler(told, nil)))
	city, other := called(t, "zunyi.guizhou", setAfter(nil, 90, 1)), setAfter(nil, 92, 8)
	s.judge("", linkOf(setAfter(nil, 90, 2)))
	for range 2 {
		s.judge(text.KeysChanged, linkOf(other))
		s.judge(text.KeysChanged, linkOf(city), linkOf(other))
	}
	if n := strings.Count(told.String(), "keys changed, and wait"); n != 1 {
		t.Errorf("told %d times: %s", n, told)
	}
}

// TestAtOnce: key sets that are shown at once all wait, and each from when it was shown.
func TestAtOnce(t *testing.T) {
	s := newScene(t)
	s.judge("", linkOf(setAfter(nil, 90, 1)))
	var all sync.WaitGroup
	for i := range MaxWaiting {
		all.Go(func() {
			link := linkOf(setAfter(nil, 92, 8+i))
			for {
				err := s.Judge(t.Context(), below(t, link))
				if treetest.Code(err) == text.KeysChanged {
					return
				}
				if treetest.Code(err) != text.Busy { // others came first, each time
					t.Errorf("got %v", err)
					return
				}
			}
		})
	}
	all.Wait()
	if waiting, err := s.Waiting(t.Context(), treetest.Name(t, meitan)); err != nil || len(waiting) != MaxWaiting {
		t.Errorf("%d wait, %v, want %d", len(waiting), err, MaxWaiting)
	}
}

// TestLargestMemory: the largest that can be remembered of one jurisdiction can be written, and the
// largest confirmation.
func TestLargestMemory(t *testing.T) {
	var keys []int
	for i := range trust.MaxReplicas {
		keys = append(keys, i+1)
	}
	before := setAfter(nil, 91, 50)
	k := setAfter(&before, 90, keys...)
	k.Epoch, k.Revokes = 1<<63, true
	m := memory{}.judge(chainOf(k), 1<<50).next
	m.Now.Number, m.Now.Named, m.Now.Since = 1<<63, public(92), 1<<63
	for i := range MaxWaiting {
		w := chainOf(setAfter(nil, 92, 100+i)).begin(1 << 50)
		w.Number, w.Objected = 1<<63, recoveryKey
		m.Waiting = append(m.Waiting, w)
	}
	c := confirmation{Number: 1 << 63, Hash: m.Now.Hash, Since: 1 << 63, Entry: ledger.RefTo(1 << 62)}
	if err := errors.Join(memories.Check(m), confirmations.Check(c)); err != nil {
		t.Error(err)
	}
}

// TestNobodyIsForgotten: a county that makes up as many children as are remembered pushes out no
// other's memory, nor that of the children that it had before, so that none of them is seen for the
// first time again; a further child of it is not believed, since no break of that would be noticed
// (S05j).
func TestNobodyIsForgotten(t *testing.T) {
	const commandMany book.Command[[]string, book.Nothing] = 2001
	r := state.NewRegistry()
	Register(r)
	row := memory{}.judge(chainOf(setAfter(nil, 90, 1)), 1).next
	commandMany.Handle(r, func(tx *state.Tx, names []string) (done book.Nothing, err error) {
		for i, name := range names {
			m := row
			m.First = uint64(i + 1)
			err = errors.Join(err, memories.Save(tx, []byte(name), m))
		}
		return done, err
	})
	l := booktest.New(t, "nanming.guiyang.guizhou", r)
	s := New(l, nil, func() time.Time { return l.Clock }, quiet)
	names := []string{"zunyi.guizhou", meitan, "town." + meitan, "bijie.guizhou", "qixingguan.bijie.guizhou"}
	kept := len(names)
	for i := range MaxRemembered - kept {
		names = append(names, fmt.Sprintf("a%d.%s", i, meitan))
	}
	if _, err := commandMany.Do(t.Context(), l, book.Request{}, names); err != nil {
		t.Fatal(err)
	}
	remembered := func() map[string]bool {
		all := map[string]bool{}
		err := l.View(t.Context(), func(r *state.Reader) error {
			for key := range memories.All(r, nil) {
				all[string(key)] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	for _, name := range []string{"more." + meitan, "x.more." + meitan} {
		written := l.Proposals.Load()
		err := s.Judge(t.Context(), below(t, linkOf(called(t, name, setAfter(nil, 90, 1)))))
		if treetest.Code(err) != text.Busy || remembered()[name] || l.Proposals.Load() != written {
			t.Errorf("%s: got %v; it is remembered: %t; %d commands", name, err, remembered()[name], l.Proposals.Load()-written)
		}
	}
	for _, name := range []string{"anshun.guizhou", "weining.bijie.guizhou"} {
		names = append(names, name)
		if err := s.Judge(t.Context(), below(t, linkOf(called(t, name, setAfter(nil, 90, 1))))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	all := remembered()
	for i, name := range names {
		newest := i >= MaxRemembered-2 && strings.HasSuffix(name, "."+meitan) // of those made up
		if all[name] == newest {
			t.Errorf("%s (%d) is remembered: %t", name, i, all[name])
		}
	}
	if len(all) != MaxRemembered {
		t.Errorf("%d are remembered, want %d", len(all), MaxRemembered)
	}
}
