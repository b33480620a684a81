package ledger

import (
	"testing"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

// TestReceiptNamesNoOtherEpoch: a ledger that went on in a second epoch proves entries of its first
// under the log of its second. A receipt gives an entry that name only where it proves that it was
// made there.
func TestReceiptNamesNoOtherEpoch(t *testing.T) {
	f := newFixture(t, place, 1)
	first := f.log
	was, stated := f.add(t, village, false), f.add(t, village, true)
	if v, err := VerifyReceipt(f.receipt(t, stated, 1), nil, f.set.Pin()); err != nil || v.Stated != first {
		t.Fatalf("in its epoch: got %v, %v", v.Stated, err)
	} else if name, ok := v.Named(); !ok || name != first.Entry(stated) {
		t.Errorf("in its epoch: got %v, %v", name, ok)
	}
	hash, two := f.set.Hash(), f.set
	two.Number, two.Epoch, two.Previous = 2, 2, hash[:]
	signed, err := trust.Assemble(two, []trust.Signature{{Replica: f.signers[0].replica, Sig: f.signers[0].SignLog(two.SigningInput())}})
	if err != nil {
		t.Fatal(err)
	}
	if f.log, err = identity.NewLog(f.set.Name, 2); err != nil {
		t.Fatal(err)
	}
	begun := f.addHead(t, Head{Kind: KindEpoch, Epoch: 2, From: 2, To: 2})
	act, own := f.add(t, village, true), f.add(t, village, false)
	for _, row := range []struct {
		what   string
		index  uint64
		named  bool
		stated identity.Log
	}{
		{"what the node said before", was, false, identity.Log{}}, {"an act before", stated, false, first}, {"what began the epoch", begun, true, identity.Log{}},
		{"an act since", act, true, f.log}, {"what the node said since", own, false, identity.Log{}},
	} {
		c, note := f.checkpoint(t, 1)
		receipt, err := Issue(f.leaves[row.index], row.index, c, note, f.tiles, []trust.Level{{KeySets: [][]byte{f.signed, signed}}}, f.signers[0])
		if err != nil {
			t.Fatal(err)
		}
		v, err := VerifyReceipt(receipt, nil, f.set.Pin())
		if err != nil {
			t.Fatalf("%s: %v", row.what, err)
		}
		name, named := v.Named()
		if named != row.named || named && name != f.log.Entry(row.index) || v.Stated != row.stated {
			t.Errorf("%s: got %s (%v), stated for %s, want %v, %s", row.what, name, named, v.Stated, row.named, row.stated)
		}
	}
}
