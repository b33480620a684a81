package replicas

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"xietong/consensus/state"
	"xietong/node/ground/host"
)

// threeWith returns a group of three that has noted something, and the bytes of that entry.
func threeWith(t *testing.T) (machines []*machine, leaf []byte) {
	t.Helper()
	in := &network{ends: map[end]*lines{}}
	r1 := first(t, in)
	r2 := further(t, in, r1)
	r3 := further(t, in, r1)
	machines = []*machine{r1, r2, r3}
	for _, m := range machines[1:] {
		if err := SetStage(t.Context(), r1.Host, newID(t), m.replica, Voting); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "three votes", func() bool { return r1.voters() == 3 && r3.voters() == 3 })
	if _, err := r1.note(t.Context(), "what one of them loses"); err != nil {
		t.Fatal(err)
	}
	if err := r1.View(t.Context(), func(r *state.Reader) error { leaf = bytes.Clone(r.Leaf(1)); return nil }); err != nil {
		t.Fatal(err)
	}
	return machines, leaf
}

// decays reports whether a machine knows that its data are damaged.
func (m *machine) decays() bool {
	return slices.ContainsFunc(m.Trouble(), func(err error) bool { return errors.As(err, new(*host.DecayedError)) })
}

// has checks that a machine has the bytes of the entry.
func (m *machine) has(leaf []byte) {
	m.t.Helper()
	err := m.Look(func(r *state.Reader) error {
		if got := r.Leaf(1); !bytes.Equal(got, leaf) {
			m.t.Errorf("got %d bytes, want what was written", len(got))
		}
		return nil
	})
	if err != nil {
		m.t.Error(err)
	}
}

// TestMendedFromTheOthers flips a bit in the state file of one of three replicas, while it is
// stopped. It starts, does not lead, is mended from the others by itself, and has what they have.
func TestMendedFromTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machines, leaf := threeWith(t)
		defer func() {
			for _, m := range machines {
				m.down()
			}
		}()
		hurt := machines[0]
		hurt.down()
		hurt.flip(leaf)
		hurt.up()
		if _, err := machines[1].note(t.Context(), "while it is damaged"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute) // it is scrubbed, and mended
		if hurt.decays() {
			t.Error("it is not mended")
		}
		hurt.has(leaf)
	})
}

// TestMendedByAPersonsWish (D32): the others were away when the replica was to be mended, and the
// next try is an hour off. A person has it mended at once.
func TestMendedByAPersonsWish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machines, leaf := threeWith(t)
		defer func() {
			for _, m := range machines {
				m.down()
			}
		}()
		hurt := machines[0]
		for _, m := range machines {
			m.down()
		}
		hurt.flip(leaf)
		hurt.up()
		time.Sleep(2 * time.Minute) // it is scrubbed, and nobody is there to mend it
		for _, m := range machines[1:] {
			m.up()
		}
		time.Sleep(5 * time.Minute)
		if !hurt.decays() {
			t.Fatal("it was mended before a person wished it")
		}
		if r := hurt.Repair(t.Context()); len(r.Found) != 1 || len(r.Left) > 0 || r.From.IsZero() || hurt.decays() {
			t.Errorf("got %+v", r)
		}
		hurt.has(leaf)
		if r := hurt.Repair(t.Context()); len(r.Found) > 0 {
			t.Errorf("once more: got %+v", r)
		}
	})
}

// flip changes a value in the state file of a machine that is stopped.
func (m *machine) flip(value []byte) {
	m.t.Helper()
	path := filepath.Join(m.dir, "state.db")
	data, err := os.ReadFile(path)
	if err != nil {
		m.t.Fatal(err)
	}
	other := bytes.Clone(value)
	other[len(other)/2] ^= 4
	if !bytes.Contains(data, value) {
		m.t.Fatal("the file has no such value")
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(data, value, other), 0o600); err != nil {
		m.t.Fatal(err)
	}
}
