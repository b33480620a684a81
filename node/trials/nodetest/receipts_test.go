package nodetest

import (
	"testing"

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
		_, err := county.Client("").ReceiptOf(t.Context(), record)
		refusedAs(t, "a caller without an agency", err, text.AgencyNeeded, "")
		if got, err := city.Client("civil-affairs").ReceiptOf(t.Context(), record); err != nil || len(got.Payload) == 0 {
			t.Errorf("the provider: %+v, %v", got, err)
		}
	})
}
