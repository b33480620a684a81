package nodetest

import (
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestHostedReceipts attacks the payloads of a jurisdiction from another one of the same node
// (S08b). An agency of the county asks for the record of the city that hosts it, as the namesake of
// its provider. It is a stranger there: it gets no receipt, and learns of no entry.
func TestHostedReceipts(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming hosted\n", func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		offer(t, city)
		offer(t, county)
		record := recorded(city, "record")[0]
		for _, agency := range []string{"civil-affairs", "water"} {
			got, err := county.Client(agency).ReceiptOf(t.Context(), record)
			if len(got.Payload) > 0 {
				t.Errorf("%s of the county reads the city's record: %q", agency, got.Payload)
			}
			refusedAs(t, "the record of another jurisdiction", err, text.NotFound, "")
		}
		_, err := county.Client("water").EntryOf(t.Context(), record)
		refusedAs(t, "the head of an entry of another jurisdiction", err, text.NotFound, "")
		_, err = county.Client("").ReceiptOf(t.Context(), record)
		refusedAs(t, "a caller without an agency", err, text.AgencyNeeded, "")
		if got, err := city.Client("civil-affairs").ReceiptOf(t.Context(), record); err != nil || len(got.Payload) == 0 {
			t.Errorf("the provider: %+v, %v", got, err)
		}
	})
}

// TestReceiptsOfLists (U-B3) has an agency ask a jurisdiction of its own node and one elsewhere,
// and then takes the receipt of every entry that the lists name: of both sides, and of the grants.
func TestReceiptsOfLists(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming hosted\n  bijie\n", func(t *testing.T, tree *Tree) {
		city, county, away := tree.Node("guiyang"), tree.Node("nanming"), tree.Node("bijie")
		asker := county.Client("water")
		for _, n := range []*Node{city, county, away} {
			offer(t, n)
		}
		for _, at := range []*Node{city, away} {
			if _, err := ask(t, county, at); err != nil {
				t.Fatal(err)
			}
			uses, err := at.Client("civil-affairs").Uses(t.Context(), client.List{Jurisdiction: county.Name()})
			if err != nil || len(uses.Uses) != 1 || uses.Uses[0].Rows != 1 {
				t.Fatalf("%s lists %+v, %v", at.Name(), uses, err)
			}
			if got, err := at.Client("civil-affairs").ReceiptOf(t.Context(), uses.Uses[0].Entry); err != nil || len(got.Payload) == 0 {
				t.Errorf("%s, of its own record: %v", at.Name(), err)
			}
		}
		asked, err := asker.Asked(t.Context(), client.List{})
		if err != nil || len(asked.Asked) != 2 {
			t.Fatalf("the asker lists %+v, %v", asked, err)
		}
		held, err := asker.HeldGrants(t.Context(), client.List{})
		if err != nil || len(held.Grants) != 2 || held.Grants[0].Until != "2028-12-30T16:00:00Z" {
			t.Fatalf("the asker holds %+v, %v", held, err)
		}
		for i := range 2 {
			for what, entry := range map[string]string{
				"its own record": asked.Asked[i].Entry, "the record there": asked.Asked[i].There, "the grant there": held.Grants[i].Grant,
				"the question that heard of it": held.Grants[i].Asked,
			} {
				if got, err := asker.ReceiptOf(t.Context(), entry); err != nil || len(got.Receipt) == 0 || len(got.Payload) == 0 {
					t.Errorf("%s, %s: %v", what, entry, err)
				}
				if got, err := asker.EntryOf(t.Context(), entry); err != nil || got.Entry != entry || got.LeafHash == "" || got.Time == "" {
					t.Errorf("the head of %s, %s: %+v, %v", what, entry, got, err)
				}
			}
		}
	})
}
