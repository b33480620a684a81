package tree_test

import (
	"testing"
	"time"

	"xietong/certs/trust"
	"xietong/consensus/ledger"
	. "xietong/node/tree/treetest"
)

// TestParentSpoilsReceipts (A11f): a parent hands down, in the chain, a genuine statement of now,
// which no receipt may have. The receipts of its child's ledger verify all the same.
func TestParentSpoilsReceipts(t *testing.T) {
	province, city, county := New(t, "guizhou"), New(t, "guiyang.guizhou"), New(t, countyName)
	province.Invite(t, city, "up", false)
	city.JoinTo(t, province, "up")
	city.Invite(t, county, "one", false)
	county.JoinTo(t, city, "one")
	confirmed, err := trust.SignConfirmation(county.MustPin(t), time.Now().Add(-time.Minute), time.Now(), province.Signer())
	if err != nil {
		t.Fatal(err)
	}
	levels, root, err := county.Chain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	levels[0].Confirmed = confirmed
	if _, err = county.SetAbove(t.Context(), root, levels[:2]); err != nil {
		t.Fatal(err)
	}
	receipt, err := county.Receipt(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.VerifyReceipt(receipt, nil, province.MustPin(t)); err != nil {
		t.Errorf("got %v, want a receipt that verifies", err)
	}
}
