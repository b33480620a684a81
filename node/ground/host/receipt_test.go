package host

import (
	"errors"
	"slices"
	"testing"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

// TestOnlyWhoIsListedGivesReceipts (S15g): a replica that the newest key set lists no more, or not
// yet, gives no receipt: its signature would be one by a key that no verifier finds. Where the
// checkpoint was signed by another key set than was read, the receipt is made anew.
func TestOnlyWhoIsListedGivesReceipts(t *testing.T) {
	h, other := open(t, t.TempDir()), open(t, t.TempDir())
	defer closed(t, h)
	defer closed(t, other)
	add(t, h)
	shown, err := h.KeySets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	beside := other.authority.Keys()
	if beside.Replica, err = identity.NewReplica(2); err != nil {
		t.Fatal(err)
	}
	next := func(replicas ...trust.ReplicaKeys) []byte {
		t.Helper()
		k, err := trust.Reopen(shown[0])
		if err != nil {
			t.Fatal(err)
		}
		before := k.Hash()
		k.Number, k.Previous, k.Replicas = 2, before[:], replicas
		signed, err := trust.Assemble(k, []trust.Signature{h.authority.SignKeySet(k)})
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	err = h.proven(t.Context(), 0, func(p provenEntry) error {
		for what, row := range map[string]struct {
			shown [][]byte
			is    func(error) bool
		}{
			"listed":       {shown, func(err error) bool { return err == nil }},
			"taken out":    {append(slices.Clone(shown), next(beside)), func(err error) bool { return errors.As(err, new(*RemovedError)) }},
			"not yet in":   {[][]byte{next(beside)}, func(err error) bool { return errors.As(err, new(*NoVoteError)) }},
			"another sign": {[][]byte{next(h.authority.Keys(), beside)}, func(err error) bool { return errors.Is(err, errOtherSet) }},
		} {
			if err := h.speaks(p, row.shown); !row.is(err) {
				t.Errorf("%s: got %v", what, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
