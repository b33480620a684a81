package replicas

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"xietong/consensus/state"
	"xietong/node/ground/host"
)

// TestMendedFromTheOthers flips a bit in the state file of one of three replicas, while it is
// stopped. It starts, does not lead, is mended from the others by itself, and has what they have.
func TestMendedFromTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := &network{ends: map[end]*lines{}}
		r1 := first(t, in)
		r2 := further(t, in, r1)
		r3 := further(t, in, r1)
		machines := []*machine{r1, r2, r3}
		defer func() {
			for _, m := range machines {
				m.down()
			}
		}()
		for _, m := range machines[1:] {
			if err := SetStage(t.Context(), r1.Host, newID(t), m.replica, Voting); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "three votes", func() bool { return r1.voters() == 3 && r3.voters() == 3 })
		_, err := r1.note(t.Context(), "what one of them loses")
		if err != nil {
			t.Fatal(err)
		}
		hurt := r1
		var leaf []byte
		if err := hurt.View(t.Context(), func(r *state.Reader) error { leaf = r.Leaf(1); return nil }); err != nil {
			t.Fatal(err)
		}
		hurt.down()
		hurt.flip(leaf)
		hurt.up()
		if _, err := r2.note(t.Context(), "while it is damaged"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute) // it is scrubbed, and mended
		for _, err := range hurt.Trouble() {
			if _, ok := errors.AsType[*host.DecayedError](err); ok {
				t.Errorf("it is not mended: %v", err)
			}
		}
		err = hurt.Look(func(r *state.Reader) error {
			if got := r.Leaf(1); !bytes.Equal(got, leaf) {
				t.Errorf("got %d bytes, want what was written", len(got))
			}
			return nil
		})
		if err != nil {
			t.Error(err)
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
