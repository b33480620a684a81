package chains

import (
	"context"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/door"
	"xietong/node/tree/treetest"
)

// goesOn has the owner of a name make n key sets more, each signed by the one before, and its
// parent endorse them. It returns the pin of the last.
func (w *world) goesOn(of string, n int) (last trust.Pin) {
	w.t.Helper()
	p := w.at(of)
	parent, _ := p.Name().Parent()
	sets := w.longer(p, n)
	for at := 1; at < len(sets); at += trust.Some(sets[at:]) {
		pin, err := trust.PinOf(sets[at-1])
		if err != nil {
			w.t.Fatal(err)
		}
		hash := pin.Hash()
		shown := tree.Presentation{
			Child: p.Name(), After: uint64(at), Hash: hash[:], KeySets: sets[at : at+trust.Some(sets[at:])], Replica: p.Replica(),
		}
		if _, _, err := tree.Present(w.t.Context(), w.places[parent], shown, tree.Proof{}, w.now()); err != nil {
			w.t.Fatal(err)
		}
	}
	last, err := trust.PinOf(sets[len(sets)-1])
	if err != nil {
		w.t.Fatal(err)
	}
	w.refresh(w.places[parent])
	return last
}

// TestFarBehind: a county makes more key sets between two looks of a verifier than a chain hands
// on. The verifier asks for those between, by the number that it remembers, and believes at once.
// Keys that the parent made do not gain by it: where what is between does not lead on from what is
// remembered, or is withheld, they wait. A way that is cut off makes nobody wait.
func TestFarBehind(t *testing.T) {
	from, of := "nanming.guiyang.guizhou", "meitan.zunyi.guizhou"
	for what, row := range map[string]struct {
		more  int
		alter func(sets []trust.Level, err error) ([]trust.Level, error) // of the answer with those between
		want  text.Code
	}{
		"as many as a chain hands on":  {more: trust.MaxHanded - 1},
		"one more":                     {more: trust.MaxHanded},
		"in several steps":             {more: 3*trust.MaxHanded + 1},
		"withheld":                     {trust.MaxHanded, func([]trust.Level, error) ([]trust.Level, error) { return []trust.Level{{}}, nil }, text.KeysChanged},
		"of the wrong number":          {2 * trust.MaxHanded, fewer, text.KeysChanged},
		"more than are handed at once": {2 * trust.MaxHanded, doubled, text.KeysChanged},
		"cut off": {trust.MaxHanded, func([]trust.Level, error) ([]trust.Level, error) {
			return nil, unreachable(named(t, "zunyi.guizhou"), "no-link", nil)
		}, text.Unreachable},
	} {
		w := newWorld(t, branches...)
		w.finds(from, of)
		last := w.goesOn(of, row.more)
		w.pass(MaxAge + time.Minute)
		honest := w.at("zunyi.guizhou").door.Prove
		w.at("zunyi.guizhou").door.Prove = func(ctx context.Context, peer identity.Jurisdiction, q door.Wanted) ([]trust.Level, error) {
			levels, err := honest(ctx, peer, q)
			if q.From > 0 && row.alter != nil {
				return row.alter(levels, err)
			}
			return levels, err
		}
		if got := w.code(from, of); got != row.want {
			t.Errorf("%s: got %q, want %q", what, got, row.want)
		}
		if row.want == "" {
			if got, err := w.pinOf(from, of); err != nil || got != last {
				t.Errorf("%s: got %s, %v, want %s", what, got, err, last)
			}
		}
		if waiting, err := w.at(from).memory.Waiting(t.Context(), named(t, of)); err != nil || len(waiting) > 0 != (row.want == text.KeysChanged) {
			t.Errorf("%s: there wait %+v, %v", what, waiting, err)
		}
		w.at("zunyi.guizhou").door.Prove = honest
		w.pass(MaxAge + time.Minute)
		if got, err := w.pinOf(from, of); err != nil || got != last {
			t.Errorf("%s, and told truly later: got %s, %v, want %s", what, got, err, last)
		}
	}
}

// fewer leaves out the first of the key sets, and doubled brings them twice.
func fewer(levels []trust.Level, err error) ([]trust.Level, error) {
	return []trust.Level{{KeySets: levels[0].KeySets[1:]}}, err
}

func doubled(levels []trust.Level, err error) ([]trust.Level, error) {
	sets := levels[0].KeySets
	return []trust.Level{{KeySets: append(sets[:len(sets):len(sets)], sets...)}}, err
}

// TestFarBehindAnImpostor: the parent makes keys under its child's name, and goes on from them for
// so long that the chain begins later than what a verifier remembers. It asks for what is between,
// and finds that it does not lead on.
func TestFarBehindAnImpostor(t *testing.T) {
	w := newWorld(t, branches...)
	from, of := "nanming.guiyang.guizhou", "meitan.zunyi.guizhou"
	w.finds(from, of)
	impostor := w.made(of)
	w.at(of).Host = impostor
	w.goesOn(of, 2*trust.MaxHanded)
	w.pass(MaxAge + time.Minute)
	if got := w.code(from, of); got != text.KeysChanged {
		t.Errorf("got %q, want %s", got, text.KeysChanged)
	}
}

// TestSinceIsBounded: who asks for key sets from a number on gets at most as many as are handed on
// at once, and an error for numbers that are not there, for whoever is no child, and for what only
// the asker can know. No question makes a chain be kept.
func TestSinceIsBounded(t *testing.T) {
	w := newWorld(t, branches...)
	w.goesOn("meitan.zunyi.guizhou", 40)
	s := w.at("zunyi.guizhou").store
	for what, row := range map[string]struct {
		peer, of string
		from     uint64
		sets     int
		want     text.Code
	}{
		"from the first on":     {"guizhou", "meitan.zunyi.guizhou", 1, trust.MaxHanded, ""},
		"the last ones":         {"guizhou", "meitan.zunyi.guizhou", 40, 2, ""},
		"after the last":        {"guizhou", "meitan.zunyi.guizhou", 42, 0, text.AnswerRefused},
		"the greatest number":   {"guizhou", "meitan.zunyi.guizhou", 1<<64 - 1, 0, text.AnswerRefused},
		"of nobody":             {"guizhou", "nobody.zunyi.guizhou", 1, 0, text.Unreachable},
		"of the one that asks":  {"meitan.zunyi.guizhou", "meitan.zunyi.guizhou", 1, 0, text.Unreachable},
		"of this jurisdiction":  {"guizhou", "zunyi.guizhou", 1, 0, text.Unreachable},
		"of the one above it":   {"meitan.zunyi.guizhou", "guizhou", 1, 0, text.Unreachable},
		"of one further away":   {"meitan.zunyi.guizhou", "nanming.guiyang.guizhou", 1, 1, ""},
		"of one below the peer": {"meitan.zunyi.guizhou", "town.meitan.zunyi.guizhou", 1, 0, text.Unreachable},
	} {
		before := len(s.kept)
		levels, err := s.Prove(t.Context(), named(t, row.peer), door.Wanted{Name: named(t, row.of), From: row.from, Wait: time.Second})
		got := 0
		for _, l := range levels {
			got += len(l.KeySets)
		}
		if err != nil && treetest.Code(err) != row.want || err == nil && (row.want != "" || got != row.sets) || len(s.kept) != before {
			t.Errorf("%s: got %d key sets, %v, want %d, %q", what, got, err, row.sets, row.want)
		}
	}
}
