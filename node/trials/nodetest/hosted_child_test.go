package nodetest

import (
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestChildSettlesNoHostedPlace (A23-5): a county runs on its city's node, and a town below it on
// another one was cut off when the county revoked its grant, seconds before the node is lost. That
// the town saw no more settles nothing, nor that the heads which had come to the province agree: a
// person is asked, who ends it again.
func TestChildSettlesNoHostedPlace(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n    nanming hosted\n      huaxi\n", func(t *testing.T, tree *Tree) {
		city, county, town := tree.Node("guiyang"), tree.Node("nanming"), tree.Node("huaxi")
		offer(t, town)
		offer(t, county)
		if _, err := ask(t, town, county); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Minute)
		old := city.backup()
		time.Sleep(15 * time.Minute)
		tree.Partition("huaxi", "guiyang")
		tree.Partition("guizhou", "guiyang")
		_, index := grantOf(t, county)
		if _, err := county.Client("civil-affairs").RevokeGrant(t.Context(), index, client.Revocation{Reason: "test"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		city.Kill()
		tree.Heal("huaxi", "guiyang")
		tree.Heal("guizhou", "guiyang")
		city.machine.dir = old
		city.Start()
		for range 80 {
			time.Sleep(15 * time.Second)
			if _, err := ask(t, town, county); err == nil {
				t.Fatalf("no person was asked, and the revoked grant is answered; alarms %v", alarms(t, county))
			}
		}
		city.hearWord(client.Continuation{Checked: true})
		_, index = grantOf(t, county)
		if _, err := county.Client("civil-affairs").RevokeGrant(t.Context(), index, client.Revocation{Reason: "it had been revoked"}); err != nil {
			t.Errorf("a person ends it again: %v", err)
		}
		t.Logf("asked for: %v", county.hearWord(client.Continuation{Checked: true}))
		tree.Within(15*time.Minute, "the county answers that the grant ended", func() bool {
			_, err := ask(t, town, county)
			return problem(err).Code == string(text.GrantRevoked)
		})
	})
}
