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
	why := refusal(county, county, text.Number(text.DatasetWithdrawn), args)
	if why.State != gather.NotOffered || why.By != county || len(why.Args) != len(args) {
		t.Errorf("got %+v", why)
	}
}

// TestWhoHasNotJoined: nobody but a parent says that a place, and all below it, are not in the
// tree. Who signs such a refusal of itself refuses, and what others say is that the place is not
// reached.
func TestWhoHasNotJoined(t *testing.T) {
	name := func(s string) identity.Jurisdiction {
		j, err := identity.ParseJurisdiction(s)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	const city, county = "guiyang.guizhou", "nanming.guiyang.guizhou"
	for _, code := range []text.Code{text.PlaceNotJoined, text.PlaceInvited, text.PlaceWithdrawn, text.PlaceExpired} {
		for _, row := range []struct {
			by, of, about, parent string
			want                  gather.State
		}{
			{city, county, county, city, gather.NotJoined}, {"guizhou", county, city, "guizhou", gather.NotJoined},
			{county, county, county, city, gather.Refused}, {county, county, "x." + county, county, gather.Refused},
			{"guizhou", county, county, city, gather.Unreachable}, {city, county, county, "guizhou", gather.Unreachable},
			{city, county, "yunyan." + city, city, gather.Unreachable}, {city, "zunyi.guizhou", city, "guizhou", gather.Unreachable},
		} {
			why := refusal(name(row.by), name(row.of), text.Number(code), []string{row.about, row.parent})
			if why.State != row.want {
				t.Errorf("%s: %s says of %s that %s is not endorsed by %s: got %s, want %s", code, row.by, row.of, row.about, row.parent, why.State, row.want)
			}
		}
	}
	if why := refusal(name(city), name(county), text.Number(text.PlaceNotJoined), nil); why.State != gather.Unreachable {
		t.Errorf("without values: got %s", why.State)
	}
}
