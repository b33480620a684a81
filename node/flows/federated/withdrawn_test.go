package federated

import (
	"testing"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/node/ground/text"
)

// TestWithdrawnIsNotOffered: a jurisdiction that withdrew the dataset counts as not offering it.
// Its refusal, which says when and why, stays with it.
func TestWithdrawnIsNotOffered(t *testing.T) {
	county, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"villages", county.String(), "2026-11-24 17:00", "不再采集", "nanming.guiyang.guizhou/log/1/9"}
	why := refusal(county, text.Number(text.DatasetWithdrawn), args)
	if why.State != gather.NotOffered || why.By != county || len(why.Args) != len(args) {
		t.Errorf("got %+v", why)
	}
}
