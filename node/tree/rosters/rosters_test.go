package rosters

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/failure"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
	"xietong/node/tree/treetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// acting is an actor that resolves to its agency, known to the jurisdiction or not.
type acting struct{ identity.Agency }

func (a acting) Resolve(*state.Reader) (identity.Agency, error) { return a.Agency, nil }

// below is a jurisdiction somewhere below a root; the chain that it tells is that of the root.
type below struct {
	*treetest.Party
	root *treetest.Party
}

func (b below) Chain(ctx context.Context) ([]trust.Level, trust.Pin, error) { return b.root.Chain(ctx) }

func nobody(context.Context, identity.Jurisdiction) {}

// TestTake checks that a store takes a roster with its proof, but no altered proof and no roster of
// another root, and that each later roster is told once.
func TestTake(t *testing.T) {
	top, other := treetest.New(t, "guizhou", Register), treetest.New(t, "guizhou", Register)
	told := map[string][]uint64{} // numbers of the rosters that each store told of
	var s, county *Store
	s = New(top, nil, func(_ context.Context, root identity.Jurisdiction) {
		told["top of "+root.String()] = append(told["top of "+root.String()], s.Current().Number())
	})
	if err := s.PublishShipped(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.PublishShipped(t.Context()); err != nil || s.Current().Number() != 1 || s.Current().Entry.IsZero() {
		t.Fatalf("number %d, %v", s.Current().Number(), err)
	}
	proof, err := s.Proof(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if none, err := s.Proof(t.Context(), 1); err != nil || none != nil {
		t.Errorf("later than number 1: %d bytes, %v", len(none), err)
	}
	county = New(below{treetest.New(t, "liping.qiandongnan.guizhou", Register), top}, nil, func(_ context.Context, root identity.Jurisdiction) {
		told["county of "+root.String()] = append(told["county of "+root.String()], county.Current().Number())
	})
	for i := 0; i < len(proof); i += max(1, len(proof)/300) {
		forged := bytes.Clone(proof)
		forged[i] ^= 1
		if err := county.Take(t.Context(), forged); err == nil {
			t.Errorf("byte %d of %d flipped, and taken", i, len(proof))
		}
	}
	elsewhere := New(below{treetest.New(t, "liping.qiandongnan.guizhou", Register), other}, nil, nobody)
	if err := elsewhere.Take(t.Context(), proof); err == nil {
		t.Error("taken from another root of the name")
	}
	if county.Current().Number() != 0 {
		t.Fatalf("number %d is kept", county.Current().Number())
	}
	if err := county.Take(t.Context(), proof); err != nil || county.Current().Number() != 1 || county.Current().Hash() != s.Current().Hash() {
		t.Fatalf("number %d, %v", county.Current().Number(), err)
	}
	handed, err := county.Proof(t.Context(), 0)
	if err != nil || !bytes.Equal(handed, proof) {
		t.Errorf("handed on: %d bytes, %v", len(handed), err)
	}
	by := acting{identity.NewAgency(top.Name(), treetest.Label(t, "civil-affairs"))}
	if _, err := s.Publish(t.Context(), treetest.Message(t), by, roster.ShippedOf(top.Name())); err != nil {
		t.Fatal(err)
	}
	later, err := s.Proof(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := county.Take(t.Context(), later); err != nil || county.Current().Number() != 2 {
		t.Errorf("number %d, %v", county.Current().Number(), err)
	}
	if err := county.Take(t.Context(), proof); err != nil || county.Current().Number() != 2 {
		t.Errorf("after an earlier one: number %d, %v", county.Current().Number(), err)
	}
	for _, who := range []string{"top of guizhou", "county of guizhou"} {
		if want := []uint64{1, 2}; !slices.Equal(told[who], want) {
			t.Errorf("%s: told of numbers %d, want %d: each that is later, once", who, told[who], want)
		}
	}
}

// longest returns the longest list of the tree of guizhou that can be published: villages with long
// names below the shipped places.
func longest(t *testing.T) *roster.Roster {
	t.Helper()
	csv := "code,level,label,name_zh,short_zh,name_en,parent\n520000,province,guizhou,贵州省,贵州省,Guizhou Province,000000\n"
	var list *roster.Roster
	for code := 1; ; code++ {
		for range 50 {
			csv += fmt.Sprintf("%d,village,village-%d,%s,,,520000\n", 520_000_000_000+code, code, strings.Repeat("村", 40))
			code++
		}
		next, err := roster.Parse(csv)
		if err == nil {
			_, err = next.Encode()
		}
		if err != nil {
			return list
		}
		list = next
	}
}

// TestLongRosterIsKept publishes the longest list that a root takes. Each jurisdiction below can
// keep it, read it again, and hand it on.
func TestLongRosterIsKept(t *testing.T) {
	top := treetest.New(t, "guizhou", Register)
	root := New(top, nil, nobody)
	if err := root.PublishShipped(t.Context()); err != nil {
		t.Fatal(err)
	}
	by, list := acting{identity.NewAgency(top.Name(), treetest.Label(t, "civil-affairs"))}, longest(t)
	if _, err := root.Publish(t.Context(), treetest.Message(t), by, list); err != nil {
		t.Fatalf("publish a list of %d places: %v", len(list.Places()), err)
	}
	from := root
	for _, name := range []string{"qiandongnan.guizhou", "liping.qiandongnan.guizhou"} {
		proof, err := from.Proof(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		s := New(below{treetest.New(t, name, Register), top}, nil, nobody)
		if err := s.Take(t.Context(), proof); err != nil {
			t.Fatalf("%s: keep a list of %d places, proven in %d bytes: %v", name, len(list.Places()), len(proof), err)
		}
		if err := s.Refresh(t.Context()); err != nil || s.Current().Hash() != root.Current().Hash() {
			t.Fatalf("%s: read it again: number %d, %v", name, s.Current().Number(), err)
		}
		from = s
	}
}

// parent is the way to a parent that hands down what a store has, and counts how often it is asked.
type parent struct {
	s     *Store
	asked *int
}

func (p parent) Exchange(ctx context.Context, frame []byte) ([]byte, error) {
	*p.asked++
	answer, _, err := door.Door{Roster: p.s.Proof}.AnswerNeighbour(ctx, identity.Jurisdiction{}, frame)
	return answer, err
}

// TestOf: a store has the last Kept rosters and the list of the program, each by number and hash;
// it asks its parent for a later one than its own, once, and says of any other that it is not here.
func TestOf(t *testing.T) {
	root := treetest.New(t, "guizhou", Register)
	top := New(root, nil, nobody)
	if err := top.PublishShipped(t.Context()); err != nil {
		t.Fatal(err)
	}
	asked := 0
	county := New(below{treetest.New(t, "liping.qiandongnan.guizhou", Register), root}, func() (door.Asker, bool) {
		return parent{top, &asked}, true
	}, nobody)
	all := []Current{{Roster: roster.ShippedOf(root.Name())}, top.Current()}
	by := acting{identity.NewAgency(root.Name(), treetest.Label(t, "civil-affairs"))}
	for range Kept + 1 {
		if _, err := top.Publish(t.Context(), treetest.Message(t), by, roster.ShippedOf(root.Name())); err != nil {
			t.Fatal(err)
		}
		all = append(all, top.Current())
		before, newest := asked, top.Current()
		for range 2 {
			if r, err := county.Of(t.Context(), newest.Number(), newest.Hash()); err != nil || r.Hash() != newest.Hash() {
				t.Fatalf("number %d: %v", newest.Number(), err)
			}
		}
		if asked != before+1 {
			t.Errorf("number %d: the parent was asked %d times, want once", newest.Number(), asked-before)
		}
	}
	for _, s := range []*Store{top, county} {
		for _, r := range all {
			got, err := s.Of(t.Context(), r.Number(), r.Hash())
			if here := r.Number() == 0 || r.Number()+Kept > s.Current().Number(); here != (err == nil) || here && got.Hash() != r.Hash() {
				t.Errorf("number %d of %d: here %t, %v", r.Number(), s.Current().Number(), here, err)
			}
			if _, err := s.Of(t.Context(), r.Number(), [32]byte{1}); !failure.Is(err, text.RosterAbsent) {
				t.Errorf("number %d of another hash: %v", r.Number(), err)
			}
		}
		if _, err := s.Of(t.Context(), 99, all[2].Hash()); !failure.Is(err, text.RosterAbsent) {
			t.Errorf("number 99: %v", err)
		}
	}
}

// TestWithheldIsTold, of A31: where a question names a later roster than the parent says it has,
// the operator is told, once an hour; and is not where the parent brings it.
func TestWithheldIsTold(t *testing.T) {
	root := treetest.New(t, "guizhou", Register)
	top := New(root, nil, nobody)
	if err := top.PublishShipped(t.Context()); err != nil {
		t.Fatal(err)
	}
	asked, now, told := 0, time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC), []uint64(nil)
	county := New(below{treetest.New(t, "liping.qiandongnan.guizhou", Register), root}, func() (door.Asker, bool) {
		return parent{top, &asked}, true
	}, nobody)
	county.Now, county.Withheld = func() time.Time { return now }, func(wanted, had uint64) { told = append(told, wanted, had) }
	if _, err := county.Of(t.Context(), 1, top.Current().Hash()); err != nil || told != nil {
		t.Fatalf("the parent brings it: told %v, %v", told, err)
	}
	for range 3 {
		if _, err := county.Of(t.Context(), 2, [32]byte{}); !failure.Is(err, text.RosterAbsent) {
			t.Errorf("got %v, want %s", err, text.RosterAbsent)
		}
	}
	now = now.Add(time.Hour)
	_, _ = county.Of(t.Context(), 3, [32]byte{})
	if want := []uint64{2, 1, 3, 1}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

// TestPublishedOnce: a clerk's request that comes again under its key, because the answer was lost,
// gets the entry of the first, although another number would follow now. Other places under the key
// are refused.
func TestPublishedOnce(t *testing.T) {
	top := treetest.New(t, "guizhou", Register)
	s := New(top, nil, nobody)
	if err := s.PublishShipped(t.Context()); err != nil {
		t.Fatal(err)
	}
	label, err := identity.ParseLabel("civil-affairs")
	if err != nil {
		t.Fatal(err)
	}
	by, id := acting{identity.NewAgency(top.Name(), label)}, treetest.Message(t)
	first, err := s.Publish(t.Context(), id, by, roster.ShippedOf(top.Name()))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.Publish(t.Context(), id, by, roster.ShippedOf(top.Name())); err != nil || again != first {
		t.Errorf("again: got %s, %v, want %s", again, err, first)
	}
}
