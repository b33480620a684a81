package rosters

import (
	"bytes"
	"context"
	"flag"
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

var places = flag.Int("places", 6_000, "how many places the list of TestLongRosterIsKept has")

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

// from returns how the pieces that a store has are handed down.
func from(s *Store) func(roster.Piece) ([]byte, error) {
	return func(p roster.Piece) ([]byte, error) { return s.Piece(context.Background(), p.Hash) }
}

func nobody(context.Context, identity.Jurisdiction) {}

// TestTake checks that a store takes a roster with its proof, but no altered proof and no roster of
// another root, and that each later roster is told once.
func TestTake(t *testing.T) {
	top, other := treetest.New(t, "guizhou", register), treetest.New(t, "guizhou", register)
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
	county = New(below{treetest.New(t, "liping.qiandongnan.guizhou", register), top}, nil, func(_ context.Context, root identity.Jurisdiction) {
		told["county of "+root.String()] = append(told["county of "+root.String()], county.Current().Number())
	})
	for i := 0; i < len(proof); i += max(1, len(proof)/300) {
		forged := bytes.Clone(proof)
		forged[i] ^= 1
		if err := county.Take(t.Context(), forged, from(s)); err == nil {
			t.Errorf("byte %d of %d flipped, and taken", i, len(proof))
		}
	}
	elsewhere := New(below{treetest.New(t, "liping.qiandongnan.guizhou", register), other}, nil, nobody)
	if err := elsewhere.Take(t.Context(), proof, from(s)); err == nil {
		t.Error("taken from another root of the name")
	}
	if county.Current().Number() != 0 {
		t.Fatalf("number %d is kept", county.Current().Number())
	}
	if err := county.Take(t.Context(), proof, from(s)); err != nil || county.Current().Number() != 1 || county.Current().Hash() != s.Current().Hash() {
		t.Fatalf("number %d, %v", county.Current().Number(), err)
	}
	handed, err := county.Proof(t.Context(), 0)
	if err != nil || !bytes.Equal(handed, proof) {
		t.Errorf("handed on: %d bytes, %v", len(handed), err)
	}
	by := acting{identity.NewAgency(top.Name(), treetest.Label(t, "civil-affairs"))}
	if _, err := s.Publish(t.Context(), treetest.Message(t), by, country(t, 20, nil)); err != nil {
		t.Fatal(err)
	}
	later, err := s.Proof(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := county.Take(t.Context(), later, from(s)); err != nil || county.Current().Number() != 2 {
		t.Errorf("number %d, %v", county.Current().Number(), err)
	}
	if err := county.Take(t.Context(), proof, from(s)); err != nil || county.Current().Number() != 2 {
		t.Errorf("after an earlier one: number %d, %v", county.Current().Number(), err)
	}
	for _, who := range []string{"top of guizhou", "county of guizhou"} {
		if want := []uint64{1, 2}; !slices.Equal(told[who], want) {
			t.Errorf("%s: told of numbers %d, want %d: each that is later, once", who, told[who], want)
		}
	}
}

// country returns a list of the tree of guizhou with n places: cities, counties in them, and the
// villages of the counties. edit may change a line of it.
func country(t testing.TB, n int, edit func(i int, line string) string) *roster.Roster {
	t.Helper()
	var b strings.Builder
	b.WriteString("code,level,label,name_zh,short_zh,name_en,parent\n52,province,guizhou,贵州省,贵州省,Guizhou Province,\n")
	for i := range n - 1 {
		line := fmt.Sprintf("52%010d,village,village-%d,第%d行政村村民委员会,第%d村,Village Number %d,52%010d\n", i, i, i, i, i, 10+(i-1010)/59)
		switch {
		case i < 10:
			line = fmt.Sprintf("52%010d,prefecture,city-%d,第%d市,第%d市,City Number %d,52\n", i, i, i, i, i)
		case i < 1010:
			line = fmt.Sprintf("52%010d,county,county-%d,第%d县,第%d县,County Number %d,52%010d\n", i, i, i, i, i, (i-10)/100)
		}
		if edit != nil {
			line = edit(i, line)
		}
		b.WriteString(line)
	}
	list, err := roster.Parse(b.String())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestLongRosterIsKept publishes a long list; -places 60000 makes it the longest that a root takes.
// Each jurisdiction below can keep it, read it again, and hand it on; of a later one in which a
// village is called otherwise, a jurisdiction fetches one piece.
func TestLongRosterIsKept(t *testing.T) {
	n := *places
	top := treetest.New(t, "guizhou", register)
	root := New(top, nil, nobody)
	if err := root.PublishShipped(t.Context()); err != nil {
		t.Fatal(err)
	}
	by, list := acting{identity.NewAgency(top.Name(), treetest.Label(t, "civil-affairs"))}, country(t, n, nil)
	publish := func(list *roster.Roster) {
		t.Helper()
		start := time.Now()
		if _, err := root.Publish(t.Context(), treetest.Message(t), by, list); err != nil {
			t.Fatalf("publish a list of %d places: %v", list.Len(), err)
		}
		t.Logf("published %d places in %s", list.Len(), time.Since(start))
	}
	publish(list)
	var stores []*Store
	take := func(name string, s, above *Store) (came int) {
		t.Helper()
		start, size := time.Now(), 0
		proof, err := above.Proof(t.Context(), s.Current().Number())
		if err == nil {
			err = s.Take(t.Context(), proof, func(p roster.Piece) ([]byte, error) {
				came, size = came+1, size+int(p.Len)
				return above.Piece(t.Context(), p.Hash)
			})
		}
		if err != nil {
			t.Fatalf("%s: keep a list of %d places, proven in %d bytes: %v", name, list.Len(), len(proof), err)
		}
		if err := s.Refresh(t.Context()); err != nil || s.Current().Hash() != root.Current().Hash() {
			t.Fatalf("%s: read it again: number %d, %v", name, s.Current().Number(), err)
		}
		t.Logf("%s took %d pieces of %d bytes, and a proof of %d, in %s", name, came, size, len(proof), time.Since(start))
		return came
	}
	above := root
	for _, name := range []string{"city-1.guizhou", "county-110.city-1.guizhou"} {
		s := New(below{treetest.New(t, name, register), top}, nil, nobody)
		take(name, s, above)
		stores, above = append(stores, s), s
	}
	publish(country(t, n, func(i int, line string) string {
		if i == n/2 {
			return strings.Replace(line, "村民委员会", "村委会", 1)
		}
		return line
	}))
	if came := take("city-1.guizhou", stores[0], root); came != 1 {
		t.Errorf("%d pieces for one village that is called otherwise", came)
	}
}

// parent is the way to a parent that hands down what a store has, and counts how often it is asked
// for a roster.
type parent struct {
	s     *Store
	asked *int
	cut   func() error // nil, or why a piece does not come
}

func (p parent) Exchange(ctx context.Context, frame []byte) ([]byte, error) {
	later := func(ctx context.Context, than uint64) ([]byte, error) {
		*p.asked++
		return p.s.Proof(ctx, than)
	}
	piece := func(ctx context.Context, hash []byte) ([]byte, error) {
		if p.cut != nil {
			if err := p.cut(); err != nil {
				return nil, err
			}
		}
		return p.s.Piece(ctx, hash)
	}
	answer, _, err := door.Door{Roster: later, Piece: piece, Pieces: door.NewPieces(), Parent: p.s.own.(door.Parent), Now: time.Now}.AnswerNeighbour(ctx, identity.Jurisdiction{}, frame)
	return answer, err
}

// TestOf: a store has the last Kept rosters and the list of the program, each by number and hash;
// it asks its parent for a later one than its own, once, and says of any other that it is not here.
func TestOf(t *testing.T) {
	root := treetest.New(t, "guizhou", register)
	top := New(root, nil, nobody)
	if err := top.PublishShipped(t.Context()); err != nil {
		t.Fatal(err)
	}
	asked := 0
	county := New(below{treetest.New(t, "liping.qiandongnan.guizhou", register), root}, func() (door.Asker, bool) {
		return parent{s: top, asked: &asked}, true
	}, nobody)
	all := []Current{{Roster: roster.ShippedOf(root.Name())}, top.Current()}
	by := acting{identity.NewAgency(root.Name(), treetest.Label(t, "civil-affairs"))}
	for i := range Kept + 1 {
		if _, err := top.Publish(t.Context(), treetest.Message(t), by, country(t, 20+i, nil)); err != nil {
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
	root := treetest.New(t, "guizhou", register)
	top := New(root, nil, nobody)
	if err := top.PublishShipped(t.Context()); err != nil {
		t.Fatal(err)
	}
	asked, now, told := 0, time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC), []uint64(nil)
	county := New(below{treetest.New(t, "liping.qiandongnan.guizhou", register), root}, func() (door.Asker, bool) {
		return parent{s: top, asked: &asked}, true
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
