package tree_test

import (
	"crypto/ed25519"
	"fmt"
	"testing"

	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
	"xietong/node/tree"
	. "xietong/node/tree/treetest"
)

// TestOldMachines: a child came back with other keys again and again. Of the machines from before,
// the last four are known and told which keys are endorsed in place of theirs, once they have
// proven that they have their keys; what is kept of them may be damaged
// (S05y).
func TestOldMachines(t *testing.T) {
	const damage book.Command[[]byte, book.Nothing] = 999
	city := New(t, "guiyang.guizhou", func(r *state.Registry) {
		damage.Handle(r, func(tx *state.Tx, _ []byte) (book.Nothing, error) {
			return book.Nothing{}, tx.Put("child-former", []byte("nanming"), []byte{0xff})
		})
	})
	var all []*Party
	for n := range uint64(7) {
		p, secret := NewIn(t, countyName, n+1), fmt.Sprint(n)
		city.Invite(t, p, secret, n > 0)
		p.JoinTo(t, city, secret)
		all = append(all, p)
	}
	says := func(p *Party, proof tree.Proof) *text.Failure {
		t.Helper()
		_, _, err := tree.Present(t.Context(), city, show(t, p), proof, city.Clock())
		return text.AsFailure(err)
	}
	for n, want := range []text.Code{text.KeySetsForked, text.KeySetsForked, text.KeysSuperseded, text.KeysSuperseded, text.KeysSuperseded, text.KeysSuperseded} {
		if got := says(all[n], tree.Proof{}); got.Code != want {
			t.Errorf("machine %d: got %v, want %s", n, got, want)
		}
	}
	pin, err := trust.PinOf(all[6].Bring(t, "").KeySets[0])
	if got := says(all[5], tree.Proof{}).Args; err != nil || got["fingerprint"] != pin.Fingerprint() || got["jurisdiction"] != "guiyang.guizhou" || got["since"] == "" {
		t.Errorf("told %v, %v, want %s", got, err, pin.Fingerprint())
	}
	stranger := tree.Proof{Possession: func(ed25519.PublicKey) bool { return false }}
	if got := says(all[5], stranger); got.Code != text.NotPossessed {
		t.Errorf("a stranger shows old key sets: got %v, want %s", got, text.NotPossessed)
	}
	if _, err := damage.Do(t.Context(), city, book.Request{}, nil); err != nil {
		t.Fatal(err)
	}
	if got := says(all[5], tree.Proof{}); got.Code != text.KeySetsForked {
		t.Errorf("damaged: got %v, want %s", got, text.KeySetsForked)
	}
	city.Invite(t, all[5], "back", true)
	last := NewIn(t, countyName, 8)
	if got := redeems(t, city, last, "back", nil); got != "" {
		t.Fatalf("after the damage: got %q", got)
	}
	if got := says(all[6], tree.Proof{}); got.Code != text.KeysSuperseded {
		t.Errorf("after the damage: got %v, want %s", got, text.KeysSuperseded)
	}
}
