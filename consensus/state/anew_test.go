package state

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"xietong/certs/identity"
)

// TestNewChainInTheSameLedger: with a new chain the entries stay and keep their names, the key sets
// of before are kept apart, and who must sign follows the new chain alone, also after a restart.
func TestNewChainInTheSameLedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := openStore(t, path)
	index := uint64(0)
	apply := func(kind Kind, body string) Result {
		index++
		return s.Apply(index, 1, [][]byte{command(t, kind, identity.Message{}, body)})[0]
	}
	for range 3 {
		apply(kindNote, "a")
	}
	for n := uint64(1); n <= 2; n++ { // entries 3 to 6: an epoch brings a key set of the same chain
		apply(KindEpoch, epochBody(t, 1+n, 1+2*n, 20, n))
	}
	for why, body := range map[string]string{
		"an epoch of before": epochBody(t, 3, 7, 7, 1), "number 3": epochBody(t, 4, 7, 7, 3), "more than there is": epochBody(t, 4, 8, 8, 1),
		"backwards": epochBody(t, 4, 7, 6, 1),
	} {
		if got := apply(KindEpochAnew, body); got.Code == Done {
			t.Errorf("%s: got %+v", why, got)
		}
	}
	if got := apply(KindEpochAnew, epochBody(t, 9, 7, 7, 1)); got.Code != Done || !bytes.Equal(got.Data, be64(7)) {
		t.Fatalf("got %+v, want entry 7", got)
	}
	apply(kindNote, "b") // entry 9
	s.Flush()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, path)
	err := s.View(func(r *Reader) error {
		var former []string
		for _, k := range r.FormerKeySets() {
			former = append(former, fmt.Sprintf("%d %d %s", k.Until, k.Index, k.Signed))
		}
		if got := fmt.Sprint(former); got != "[9 4 set 9 6 set]" {
			t.Errorf("the key sets of before are %s", got)
		}
		if got, before, after := len(r.KeySets()), r.InForce(8), r.InForce(9); got != 1 || before != 0 || after != 1 {
			t.Errorf("%d key sets, in force at 8 entries %d, at 9 %d", got, before, after)
		}
		for i, want := range map[uint64]uint64{0: 1, 3: 2, 4: 2, 6: 3, 7: 9, 9: 9} {
			if got := r.Names().Entry(i).Log().Epoch(); got != want {
				t.Errorf("entry %d is of epoch %d, want %d", i, got, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := apply(KindEpochAnew, epochBody(t, 9, 7, 7, 1)); got.Code == Done {
		t.Error("an epoch was begun twice")
	}
}
