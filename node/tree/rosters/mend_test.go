package rosters

import (
	"runtime"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
	"xietong/node/tree/treetest"
)

// broken is a root that published number 2, of which a piece was damaged on its disk.
type broken struct {
	*treetest.Party
	entry identity.Entry // of number 2
	csv   string         // its list
	below *Store         // a county that has it
}

// number2 returns a list of some twenty pieces. Nobody keeps it, so that what is on the disk
// counts.
func number2(t *testing.T) *roster.Roster { return country(t, 6000, nil) }

func newBroken(t *testing.T) broken {
	t.Helper()
	top := treetest.New(t, "guizhou", register, registerDamage)
	s := New(top, nil, nobody)
	if err := s.PublishShipped(t.Context()); err != nil {
		t.Fatal(err)
	}
	entry, err := s.Publish(t.Context(), treetest.Message(t), civil(t), number2(t))
	if err != nil {
		t.Fatal(err)
	}
	b := broken{Party: top, entry: entry, csv: s.Current().CSV()}
	b.below = New(below{treetest.New(t, "liping.qiandongnan.guizhou", register), top}, nil, nobody)
	proof, err := s.Proof(t.Context(), 0)
	if err == nil {
		err = b.below.Take(t.Context(), proof, from(s))
	}
	m, failed := s.Current().Manifest()
	if err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	damageAt(t, top, pieces.Name, m.Pieces[3].Hash)
	b.below.current.Store(&Current{Roster: b.below.shipped}) // it is in the memory of nobody
	return b
}

func civil(t *testing.T) acting {
	return acting{identity.NewAgency(treetest.Name(t, "guizhou"), treetest.Label(t, "civil-affairs"))}
}

// damageAt overwrites a value.
func damageAt(t *testing.T, l book.Ledger, bucket string, key []byte) {
	t.Helper()
	if _, err := damage.Do(t.Context(), l, book.Request{}, [][]byte{[]byte(bucket), key, {0x41, 0}}); err != nil {
		t.Fatal(err)
	}
}

// opened is the store of the root as a start opens it.
func (b broken) opened(t *testing.T) (s *Store, told *int) {
	t.Helper()
	runtime.GC() // lists in use are shared, and not read
	s, told = New(b, nil, nobody), new(int)
	s.Damaged = func(error) { *told++ }
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, told
}

// stands checks what a root says of its roster: the number by which it goes, and that which is
// lost.
func stands(t *testing.T, what string, s *Store, number, lost uint64) {
	t.Helper()
	now, trouble := s.Current(), treetest.Code(s.Trouble())
	if now.Number() != number || (now.Lost != nil) != (lost > 0) || lost > 0 && (now.Lost.Number != lost || trouble != text.RosterDamaged) || lost == 0 && trouble != "" {
		t.Errorf("%s: number %d, lost %+v, trouble %q, want number %d, %d lost", what, now.Number(), now.Lost, trouble, number, lost)
	}
}

// TestRootMendsItsRoster (R20): where a piece of a root's roster is damaged, an earlier list stands
// in, and the root says so. Whoever publishes the same list once more, from its file or as a county
// has it, has what is damaged stored again, and nothing recorded.
func TestRootMendsItsRoster(t *testing.T) {
	for what, list := range map[string]func(b broken) *roster.Roster{
		"its file":          func(broken) *roster.Roster { return number2(t) },
		"a county's export": func(b broken) *roster.Roster { return parse(t, b.csv) },
	} {
		b := newBroken(t)
		s, told := b.opened(t)
		stands(t, what, s, 1, 2)
		if *told != 1 {
			t.Errorf("%s: told %d times", what, *told)
		}
		places, size := list(b), b.size(t)
		plan, err := s.Plan(t.Context(), places)
		if err != nil || !plan.Same || plan.Number != 2 || plan.Lost == nil {
			t.Errorf("%s: plan %t, number %d, %+v, %v", what, plan.Same, plan.Number, plan.Lost, err)
		}
		if entry, err := s.Publish(t.Context(), treetest.Message(t), civil(t), places); err != nil || entry != b.entry || b.size(t) != size {
			t.Errorf("%s: got %s, %v, %d entries, want %s, %d", what, entry, err, b.size(t), b.entry, size)
		}
		stands(t, what+", mended", s, 2, 0)
		s, _ = b.opened(t)
		stands(t, what+", after a restart", s, 2, 0)
		if s.Current().Len() != 6000 || s.Current().Entry != b.entry {
			t.Errorf("%s: %d places of %s", what, s.Current().Len(), s.Current().Entry)
		}
	}
}

// TestNextAfterALostRoster: another list follows the lost one, and not the one that stands in.
func TestNextAfterALostRoster(t *testing.T) {
	b := newBroken(t)
	s, _ := b.opened(t)
	if err := b.below.Refresh(t.Context()); err != nil || b.below.Current().Number() != 2 {
		t.Fatalf("the county has number %d, %v", b.below.Current().Number(), err)
	}
	list := country(t, 5990, nil)
	if plan, err := s.Plan(t.Context(), list); err != nil || plan.Same || plan.Number != 3 || plan.Lost == nil {
		t.Errorf("plan %t, number %d, %+v, %v", plan.Same, plan.Number, plan.Lost, err)
	}
	if _, err := s.Publish(t.Context(), treetest.Message(t), civil(t), list); err != nil {
		t.Fatal(err)
	}
	stands(t, "published", s, 3, 0)
	proof, err := s.Proof(t.Context(), 2)
	if err == nil {
		err = b.below.Take(t.Context(), proof, from(s))
	}
	if err != nil || b.below.Current().Number() != 3 {
		t.Errorf("the county takes number %d, %v", b.below.Current().Number(), err)
	}
}

// TestLostManifest: where even the manifest cannot be read nothing is published, since nothing can
// follow it. A county's node says that its list comes again by itself.
func TestLostManifest(t *testing.T) {
	b := newBroken(t)
	damageAt(t, b, rosters.Name, keyCurrent)
	s, _ := b.opened(t)
	_, err := s.Publish(t.Context(), treetest.Message(t), civil(t), number2(t))
	if treetest.Code(err) != text.RosterUnreadable || treetest.Code(s.Trouble()) != text.RosterUnreadable {
		t.Errorf("got %v, trouble %v, want %s", err, s.Trouble(), text.RosterUnreadable)
	}
	s.above = func() (door.Asker, bool) { return nil, true }
	if got := treetest.Code(s.Trouble()); got != text.RosterDamagedBelow {
		t.Errorf("below: got %s, want %s", got, text.RosterDamagedBelow)
	}
}

// TestFirstRosterIsMended: a root whose number 1 is damaged mends it from the list of the program,
// or from the list with which it was made, and from no other.
func TestFirstRosterIsMended(t *testing.T) {
	top := treetest.New(t, "guizhou", register, registerDamage)
	s := New(top, nil, nobody)
	first := func() *roster.Roster { return country(t, 6000, nil) }
	if err := s.PublishFirst(t.Context(), first()); err != nil {
		t.Fatal(err)
	}
	m, err := s.Current().Manifest()
	if err != nil {
		t.Fatal(err)
	}
	damageAt(t, top, pieces.Name, m.Pieces[0].Hash)
	s, _ = broken{Party: top}.opened(t)
	stands(t, "damaged", s, 0, 1)
	if _, err := s.Upkeep(t.Context(), nil); err != nil {
		t.Errorf("the upkeep of the root, which has another list: %v", err)
	}
	stands(t, "another list", s, 0, 1)
	if err := s.PublishFirst(t.Context(), first()); err != nil {
		t.Error(err)
	}
	stands(t, "its list", s, 1, 0)
}

// TestPieceIsMendedFromMemory: a damaged piece of a list that is in memory is handed down whole,
// and the next upkeep keeps it again.
func TestPieceIsMendedFromMemory(t *testing.T) {
	b := newBroken(t)
	s, told := b.opened(t)
	if _, err := s.Publish(t.Context(), treetest.Message(t), civil(t), number2(t)); err != nil {
		t.Fatal(err)
	}
	*told = 0
	m, err := s.Current().Manifest()
	if err != nil {
		t.Fatal(err)
	}
	p := m.Pieces[5]
	for _, step := range []struct {
		what   string
		do     func() error
		healed bool
		told   int
	}{
		{"damaged", func() error { damageAt(t, b, pieces.Name, p.Hash); return nil }, false, 0},
		{"asked for", func() error {
			data, err := s.Piece(t.Context(), p.Hash)
			if !p.Is(data) {
				t.Errorf("got %d bytes, want the piece", len(data))
			}
			return err
		}, false, 1},
		{"after an upkeep", func() error { _, err := s.Upkeep(t.Context(), nil); return err }, true, 1},
	} {
		if err := step.do(); err != nil {
			t.Error(err)
		}
		if number, damaged := b.damaged(t); damaged == step.healed || number != 2 || *told != step.told {
			t.Errorf("%s: number %d damaged %t, told %d times", step.what, number, damaged, *told)
		}
	}
	if data, err := s.Piece(t.Context(), make([]byte, 32)); err != nil || data != nil {
		t.Errorf("a piece of no list: got %d bytes, %v", len(data), err)
	}
}

func (b broken) size(t *testing.T) (n uint64) {
	t.Helper()
	if err := b.View(t.Context(), func(r *state.Reader) error { n = r.Size(); return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

func (b broken) damaged(t *testing.T) (number uint64, damaged bool) {
	t.Helper()
	if err := b.View(t.Context(), func(r *state.Reader) error { number, damaged = Damaged(r); return nil }); err != nil {
		t.Fatal(err)
	}
	return number, damaged
}

func parse(t *testing.T, csv string) *roster.Roster {
	t.Helper()
	list, err := roster.Parse(csv)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
