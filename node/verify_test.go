package node

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestVerifyReceiptFromTheRoot verifies a golden receipt of three levels from the pin of the province, as a stranger would.
func TestVerifyReceiptFromTheRoot(t *testing.T) {
	data, err := os.ReadFile("../consensus/ledger/testdata/vectors/accept.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Name              string
		Pin               string
		Receipt, Preimage []byte
	}
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		if v.Name != "chain-3" {
			continue
		}
		r, err := VerifyReceipt(v.Receipt, v.Preimage, v.Pin)
		want := "guizhou > guiyang.guizhou > nanming.guiyang.guizhou"
		if got := strings.Join(r.Chain, " > "); err != nil || got != want || r.AsOf != "2026-11-24T01:00:00Z" {
			t.Errorf("got %s as of %s, %v, want %s", got, r.AsOf, err, want)
		}
		return
	}
	t.Error("there is no vector chain-3")
}
