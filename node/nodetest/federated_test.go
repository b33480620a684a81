package nodetest

import (
	"testing"

	"xietong/node/client"
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

// counted asks for the villages of all counties below a place.
func counted(from *Node, selector string) client.FederatedQuery {
	return client.FederatedQuery{At: selector, Level: "county", By: "prefecture", Dataset: "villages", Audit: true, Use: client.Use{
		Purpose: "statistics", Basis: "《统计法》", Scenario: "村情统计", Scope: "全部村", Method: "count", Until: "2028-12-31T00:00:00+08:00",
	}}
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
