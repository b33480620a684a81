package nodetest

import (
	"slices"
	"testing"
	"time"

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

// accounts holds that an answer accounts for all counties of the roster, and for the named ones as they are.
func accounts(t *testing.T, got client.FederatedAnswer, members, total uint64, states map[string]string) {
	t.Helper()
	sum := uint64(0)
	for _, n := range got.States {
		sum += n
	}
	if got.Members != members || sum != members || got.Total != total || got.States[client.StateAnswered] != got.Answered {
		t.Errorf("total %d of %d answered of %d, states %v; want %d of %d", got.Total, got.Answered, got.Members, got.States, total, members)
	}
	byPlace := uint64(0)
	for _, g := range got.Groups {
		byPlace += g.Count
	}
	if byPlace != got.Total {
		t.Errorf("the groups %v add up to %d, want %d", got.Groups, byPlace, got.Total)
	}
	for name, state := range states {
		i := slices.IndexFunc(got.Missing, func(m client.MissingMember) bool { return m.Name == name })
		switch {
		case state == client.StateAnswered && i >= 0:
			t.Errorf("%s is told as %+v, and answered", name, got.Missing[i])
		case state != client.StateAnswered && (i < 0 || got.Missing[i].State != state):
			t.Errorf("%s: want %s, got %+v", name, state, got.Missing)
		}
	}
	if len(got.Lies) > 0 || len(got.Unseen) > 0 {
		t.Errorf("the audit says %v, and did not see %v", got.Lies, got.Unseen)
	}
}

// TestFederated counts over a whole province, asked from its top, from a county of it, and for one prefecture.
func TestFederated(t *testing.T) {
	Run(t, province, func(t *testing.T, tree *Tree) {
		for _, name := range []string{"nanming", "yunyan", "liping", "kaili", "weining", "guizhou"} {
			offer(t, tree.Node(name))
		}
		whole := map[string]string{
			"nanming.guiyang.guizhou": client.StateAnswered, "baiyun.guiyang.guizhou": client.StateNotJoined,
			"huichuan.zunyi.guizhou": client.StateNotJoined, "weining.bijie.guizhou": client.StateAnswered,
		}
		for _, from := range []string{"guizhou", "nanming"} {
			n := tree.Node(from)
			got, err := n.Client("water").QueryFederated(t.Context(), counted(n, "**.guizhou"))
			if err != nil {
				t.Fatal(err)
			}
			accounts(t, got, 88, 5, whole)
			if len(got.Groups) != 3 || len(got.Audited) != 4 {
				t.Errorf("%s: groups %v, audited %v; want 3 prefectures, and the province with them", from, got.Groups, got.Audited)
			}
		}
		county := tree.Node("nanming")
		got, err := county.Client("water").QueryFederated(t.Context(), counted(county, "*.贵阳市"))
		if err != nil {
			t.Fatal(err)
		}
		accounts(t, got, 10, 2, map[string]string{"baiyun.guiyang.guizhou": client.StateNotJoined, "yunyan.guiyang.guizhou": client.StateAnswered})
		if access, asked := len(recorded(county, "access")), len(recorded(county, "asked")); access != 3 || asked != 2 {
			t.Errorf("%d accesses and %d questions are recorded, want 3 and 2", access, asked)
		}
	})
}

// TestFederatedMissing has one county off, one that offers nothing, one that refuses, and a prefecture that is off: each is told
// as what it is, by whom, and the rest is counted.
func TestFederatedMissing(t *testing.T) {
	Run(t, province, func(t *testing.T, tree *Tree) {
		for _, name := range []string{"nanming", "liping", "weining", "guizhou"} {
			offer(t, tree.Node(name))
		}
		withhold(t, tree.Node("kaili"))
		top := tree.Node("guizhou")
		ask := func() client.FederatedAnswer {
			got, err := top.Client("water").QueryFederated(t.Context(), counted(top, "**.guizhou"))
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		states := map[string]string{
			"nanming.guiyang.guizhou": client.StateAnswered, "yunyan.guiyang.guizhou": client.StateNotOffered,
			"kaili.qiandongnan.guizhou": client.StateRefused, "weining.bijie.guizhou": client.StateAnswered,
		}
		accounts(t, ask(), 88, 3, states)
		tree.Node("liping").Stop()
		tree.Node("bijie").Stop()
		down(tree, "liping")
		down(tree, "bijie")
		states["liping.qiandongnan.guizhou"], states["weining.bijie.guizhou"] = client.StateUnreachable, client.StateUnreachable
		states["dafang.bijie.guizhou"] = client.StateUnreachable // nobody else can say whether it has joined
		got := ask()
		accounts(t, got, 88, 1, states)
		for name, by := range map[string]string{"liping.qiandongnan.guizhou": "黔东南州", "weining.bijie.guizhou": "贵州省"} {
			i := slices.IndexFunc(got.Missing, func(m client.MissingMember) bool { return m.Name == name })
			if m := got.Missing[i]; m.By != by || m.LastHeard == "" {
				t.Errorf("%s: got %+v, want by %s, last heard", name, m, by)
			}
		}
		tree.Node("liping").Start()
		tree.Node("bijie").Start()
		tree.WaitLinked("liping", "bijie", "weining")
		states["liping.qiandongnan.guizhou"], states["weining.bijie.guizhou"] = client.StateAnswered, client.StateAnswered
		states["dafang.bijie.guizhou"] = client.StateNotJoined
		accounts(t, ask(), 88, 3, states)
	})
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

// TestFederatedSlow: whoever is too slow does not hold the rest past the time.
func TestFederatedSlow(t *testing.T) {
	Run(t, province, func(t *testing.T, tree *Tree) {
		for _, name := range []string{"nanming", "liping", "guizhou"} {
			offer(t, tree.Node(name))
		}
		tree.Latency("liping", 20*time.Second)
		top := tree.Node("guizhou")
		began := time.Now()
		q := counted(top, "**.guizhou")
		q.Wait = 8
		got, err := top.Client("water").QueryFederated(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		i := slices.IndexFunc(got.Missing, func(m client.MissingMember) bool { return m.Name == "liping.qiandongnan.guizhou" })
		if i < 0 || got.Missing[i].State != client.StateLate || got.Total != 1 || took > 8*time.Second {
			t.Errorf("after %s: total %d, missing %+v", took, got.Total, got.Missing[max(i, 0)])
		}
		t.Logf("answered after %s", took)
	})
}
