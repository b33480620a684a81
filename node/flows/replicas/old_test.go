package replicas

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xietong/consensus/state"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// olds are three machines whose old entries lie in files.
type olds struct {
	*testing.T
	all   []*machine
	names []string // of the files, which are the same on each
	whole [][]byte // and what they hold
}

func newOlds(t *testing.T) *olds {
	in := &network{ends: map[end]*lines{}}
	r1 := first(t, in)
	o := &olds{T: t, all: []*machine{r1, further(t, in, r1), further(t, in, r1)}}
	for _, m := range o.all[1:] {
		if err := SetStage(t.Context(), r1.Host, newID(t), m.replica, Voting); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "three votes", func() bool { return r1.voters() == 3 && o.all[2].voters() == 3 })
	for round := range 17 {
		var notes sync.WaitGroup
		for i := range 64 {
			notes.Go(func() {
				if _, err := r1.note(t.Context(), fmt.Sprint(round, i)); err != nil {
					t.Error(err)
				}
			})
		}
		notes.Wait()
	}
	if _, _, err := r1.Checkpoint(t.Context()); err != nil { // of one that ends in a file, opening would read that
		t.Fatal(err)
	}
	eventually(t, "files of old entries", func() bool { return len(o.files(0)) >= 3 && len(o.files(1)) >= 3 && len(o.files(2)) >= 3 })
	for _, path := range o.files(0)[:3] {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		o.names, o.whole = append(o.names, filepath.Base(path)), append(o.whole, data)
	}
	return o
}

func (o *olds) files(n int) []string {
	all, err := filepath.Glob(filepath.Join(o.all[n].dir, state.FilesFolder, "0*"))
	if err != nil {
		o.Fatal(err)
	}
	return all
}

// harm has all machines be down, and a file be another on some: by machine its number; nil data:
// it is missing.
func (o *olds) harm(file map[int]int, data func(whole []byte) []byte) {
	o.Helper()
	for _, m := range o.all {
		m.down()
	}
	for n, number := range file {
		path := filepath.Join(o.all[n].dir, state.FilesFolder, o.names[number])
		err := os.Remove(path)
		if data := data(bytes.Clone(o.whole[number])); data != nil {
			err = os.WriteFile(path, data, 0o600)
		}
		if err != nil {
			o.Fatal(err)
		}
	}
	for _, m := range o.all {
		m.up()
	}
}

func flipped(whole []byte) []byte { whole[len(whole)*2/3] ^= 1; return whole }

// told returns which alarm each machine has of its old entries; "": none.
func (o *olds) told() (codes [3]text.Code) {
	o.Helper()
	for n, m := range o.all {
		for _, err := range m.Trouble() {
			if _, ok := errors.AsType[*host.OldDecayedError](err); ok {
				codes[n] = failure.Of(err).Code
			} else if _, ok := errors.AsType[*host.DecayedError](err); ok {
				o.Errorf("%s tells %v", m.replica, err)
			}
		}
	}
	return codes
}

func (o *olds) tell(what string, codes ...text.Code) {
	o.Helper()
	if got := o.told(); got != [3]text.Code(codes) {
		o.Errorf("%s: told %q, want %q", what, got, codes)
	}
}

// TestOldEntriesMendThemselves (D29) has another file of old entries be missing, or damaged, on
// each of three machines. Each says so, is mended by itself, and then says nothing. Where one block
// is damaged on all of them each says that, and none of them hands over leadership for it; where
// one is away, that it is waited for. A file that is put back on one comes to all.
func TestOldEntriesMendThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOlds(t)
		defer func() {
			for _, m := range o.all {
				m.down()
			}
		}()
		o.harm(map[int]int{0: 0, 1: 1, 2: 2}, func([]byte) []byte { return nil })
		o.tell("at the start", text.OldEntriesMending, text.OldEntriesMending, text.OldEntriesMending)
		time.Sleep(time.Minute)
		o.tell("after a minute", "", "", "")
		o.harm(map[int]int{0: 2, 1: 0, 2: 1}, flipped)
		time.Sleep(100 * time.Second)
		o.tell("after a scrub", "", "", "")
		o.same()

		o.harm(map[int]int{0: 1, 1: 1, 2: 1}, func([]byte) []byte { return nil })
		time.Sleep(40 * time.Second)
		o.tell("missing on all", text.OldEntriesNowhere, text.OldEntriesNowhere, text.OldEntriesNowhere)
		leads, _ := o.all[0].Leader()
		for range 4 {
			time.Sleep(11 * time.Second)
			if now, _ := o.all[0].Leader(); now != leads {
				t.Fatalf("%s leads after %s", now, leads)
			}
		}
		third := o.all[2]
		third.down()
		o.all = o.all[:2]
		o.harm(nil, nil)
		time.Sleep(40 * time.Second)
		o.tell("one is away", text.OldEntriesAway, text.OldEntriesAway, "")
		third.up()
		o.all = append(o.all, third)
		if err := os.WriteFile(filepath.Join(o.all[1].dir, state.FilesFolder, o.names[1]), o.whole[1], 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(4 * time.Minute)
		o.tell("put back on one", "", "", "")
		o.same()
	})
}

func (o *olds) same() {
	o.Helper()
	for n := range o.all {
		for i, path := range o.files(n)[:3] {
			if data, err := os.ReadFile(path); err != nil || !bytes.Equal(data, o.whole[i]) {
				o.Errorf("machine %d has not file %d as it was: %v", n, i, err)
			}
		}
	}
}
