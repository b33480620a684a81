package nodetest

import (
	"testing"
	"time"

	"xietong/node/faces/client"
)

const province = `
	guizhou
	  guiyang
	    nanming
	    yunyan
	    baiyun absent
	  qiandongnan
	    liping
	    kaili
	  bijie
	    weining
`

// counted returns the query that counts the villages of all counties of a selector.
func counted(from *Node, selector string) client.FederatedQuery {
	return client.FederatedQuery{
		At: selector, Level: "county", Dataset: "villages", Measure: counting("prefecture"), Audit: true, Use: client.Use{
			Purpose: "statistics", Basis: "《统计法》", Scenario: "村情统计", Scope: "全部村", Method: "count",
			Until: "2028-12-31T00:00:00+08:00",
		},
	}
}

// counting returns the measure that counts records, by levels and fields.
func counting(by ...string) client.Measure {
	return client.Measure{Function: client.MeasureCount, By: by}
}

// withhold has a node publish the dataset as one that is not shared.
func withhold(t *testing.T, n *Node) {
	t.Helper()
	if _, err := n.Client("").AddAgency(t.Context(), client.NewAgency{Code: "civil-affairs", Title: "civil-affairs"}); err != nil {
		t.Fatal(err)
	}
	_, err := n.Client("civil-affairs").PublishDataset(t.Context(), client.NewDataset{
		Code: "villages", Title: "村（居）委会名录", Agency: "civil-affairs", Category: client.NotShared, Citation: "《民法典》第一千一百一十条",
		Purposes: []client.Purpose{{Code: "statistics", Title: "统计"}}, Key: "code", NotSecret: true,
		Schema: []byte(`{"type":"object","required":["code"],"properties":{"code":{"type":"string"}}}`),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFederatedLatency: over lines of 5 ms, a count of many counties with a sample of them audited
// takes at most half again as long as a count of one, once the keys of all are known. Virtual time
// is the time of the lines alone.
func TestFederatedLatency(t *testing.T) {
	Run(t, province, func(t *testing.T, tree *Tree) {
		top := tree.Node("guizhou")
		scenario{t, tree}.take("standard guizhou", nil)
		scenario{t, tree}.take("adopt nanming yunyan liping kaili weining", nil)
		many := counted(top, "**.guizhou")
		if _, err := top.Client("water").QueryFederated(t.Context(), many); err != nil { // audits all
			t.Fatal(err)
		}
		many.Audit = false
		for range 5 {
			began, number := time.Now(), counting()
			_, err := top.Client("water").Query(t.Context(), client.Query{
				At: tree.Node("liping").Name(), Dataset: "villages", Measure: &number, Use: client.Use{Purpose: "statistics"},
			})
			if err != nil {
				t.Fatal(err)
			}
			one, began := time.Since(began), time.Now()
			if _, err := top.Client("water").QueryFederated(t.Context(), many); err != nil {
				t.Fatal(err)
			}
			if all := time.Since(began); all > one*3/2 {
				t.Errorf("one is counted in %s, all in %s", one, all)
			}
		}
	})
}
