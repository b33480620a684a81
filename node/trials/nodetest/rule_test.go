package nodetest

import (
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestRevokedAfterRenewalByRule (C28): a county has a grant by rule of its city, and renews it by
// rule with a later end, as any program does that asks for a year from now. The city revokes that
// one, and is put back to the day before both. The grant of that day is revoked before anybody is
// answered; that of another county, which renewed its own, is not.
func TestRevokedAfterRenewalByRule(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming\n    yunyan\n", func(t *testing.T, tree *Tree) {
		province, city := tree.Node("guizhou"), tree.Node("guiyang")
		asks := func(by, until string) error {
			_, err := tree.Node(by).Client("water").Query(t.Context(), client.Query{At: city.Name(), Dataset: "villages", Key: "1", Use: client.Use{
				Purpose: "statistics", Basis: "《统计法》", Scenario: "村情统计", Scope: "全部村", Method: "query", Until: until,
			}})
			return err
		}
		offer(t, city)
		both := func(until string) {
			t.Helper()
			for _, by := range []string{"nanming", "yunyan"} {
				if err := asks(by, until); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, by := range []string{"nanming", "yunyan"} {
			addAgencies(t, tree.Node(by), "water")
		}
		both("2028-12-30T00:00:00+08:00")
		old := city.backup()
		both("2028-12-31T00:00:00+08:00")
		both("2029-01-05T00:00:00+08:00")
		listed, err := city.Client("civil-affairs").Grants(t.Context(), client.WantedGrants{State: "live"})
		if err != nil || len(listed.Grants) != 2 {
			t.Fatalf("got %+v, %v", listed.Grants, err)
		}
		for _, g := range listed.Grants {
			entry, err := identity.ParseEntry(g.Grant)
			if err == nil && g.Consumer == "spiffe://nanming.guiyang.guizhou/agency/water" {
				_, err = city.Client("civil-affairs").RevokeGrant(t.Context(), entry.Index(), client.Revocation{Reason: "misuse"})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		tree.risen(province, city)
		city.goesOn(old, true)
		tree.Within(15*time.Minute, "the other county is answered", func() bool { return asks("yunyan", "2028-12-30T00:00:00+08:00") == nil })
		for _, until := range []string{"2028-12-30T00:00:00+08:00", "2029-01-05T00:00:00+08:00"} {
			refusedAs(t, "whoever was revoked asks until "+until, asks("nanming", until), text.GrantRevoked, "")
		}
		if got := alarms(t, city); len(got) > 0 {
			t.Errorf("the alarms of the city are %v", got)
		}
	})
}
