package nodetest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestCauseIsTold (U-B12, E15, E20, E21, E44): why a place does not answer is told as what it is,
// to the asker far away, at the hop and by the withdrawn one itself, and in the account of a
// question to many; and nobody is sent to look after a firewall. A withdrawal is the word of who
// signed it; any other cause is that of the neighbour that was asked.
func TestCauseIsTold(t *testing.T) {
	Run(t, province, func(t *testing.T, tree *Tree) {
		city, far := tree.Node("guiyang"), tree.Node("liping")
		if _, err := city.Client("").Invite(t.Context(), client.NewInvitation{Name: "白云"}); err != nil {
			t.Fatal(err)
		}
		withdrawn(t, city.Client(""), "南明", "撤并")
		withdrawn(t, tree.Node("guizhou").Client(""), "毕节", "撤并")
		time.Sleep(5 * time.Second) // three hops, each after a second at most
		for _, row := range []struct {
			from     *Node
			at       string
			code     text.Code
			by, says string
		}{
			{far, "南明", text.PlaceWithdrawn, "贵阳市", "贵阳市 has withdrawn its endorsement of 南明区"},
			{city, "520102", text.PlaceWithdrawn, "", "贵阳市 has withdrawn its endorsement of 南明区 (entry guiyang.guizhou/log/1/"},
			{far, "威宁", text.PlaceWithdrawn, "贵州省", "贵州省 has withdrawn its endorsement of 毕节市"},
			{tree.Node("weining"), "黎平", text.PlaceWithdrawn, "毕节市", "贵州省 has withdrawn its endorsement of 毕节市 (entry guizhou/log/1/"},
			{tree.Node("weining"), "贵州省", text.PlaceWithdrawn, "毕节市", "贵州省 has withdrawn its endorsement of 毕节市 (entry guizhou/log/1/"},
			{tree.Node("bijie"), "贵州省", text.EndorsementWithdrawn, "", "贵州省 has withdrawn its endorsement of 毕节市"},
			{far, "白云", text.PlaceInvited, "黔东南苗族侗族自治州", "贵阳市 has invited 白云区"},
			{far, "汇川", text.PlaceNotJoined, "黔东南苗族侗族自治州", "遵义市 has not joined"},
			{far, "mars.guiyang.guizhou", text.PlaceNowhere, "黔东南苗族侗族自治州", "there is no jurisdiction mars.guiyang.guizhou"},
			{far, "mars", text.JurisdictionUnknown, "", "no jurisdiction is called \"mars\""},
			{tree.Node("nanming"), "黎平", text.EndorsementWithdrawn, "", "贵阳市 has withdrawn its endorsement of 南明区"},
		} {
			_, err := row.from.Client("").Drill(t.Context(), client.NewDrill{At: row.at, Fault: client.FaultAltered})
			p, ok := errors.AsType[*client.Problem](err)
			if !ok || p.Code != string(row.code) || p.By != row.by || !strings.HasPrefix(p.Detail, row.says) || strings.Contains(p.Do, "firewall") {
				t.Errorf("%s asks %s: got %v (%+v), want %s by %q", row.from.Name(), row.at, err, p, row.code, row.by)
			}
		}
	})
}

// TestParentCutOffIsAnAlarm (F5): a county below a withdrawn city is told by its own status; one
// below a city that stands is not.
func TestParentCutOffIsAnAlarm(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming\n  bijie\n    weining\n", func(t *testing.T, tree *Tree) {
		withdrawn(t, tree.Node("guizhou").Client(""), "毕节", "演练")
		time.Sleep(25 * time.Minute)
		for county, want := range map[string]bool{"weining": true, "nanming": false} {
			got, err := tree.Node(county).Client("").Tree(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			told := slices.ContainsFunc(got.Check.Alarms, func(a client.Alarm) bool { return a.Code == string(text.ParentCutOff) })
			if told != want {
				t.Errorf("%s: alarms %+v, want parent-cut-off: %t", county, got.Check.Alarms, want)
			}
		}
	})
}

// TestAccountTellsCauses: the six states add up as ever, and within one the cause is told.
func TestAccountTellsCauses(t *testing.T) {
	Run(t, province, func(t *testing.T, tree *Tree) {
		city, top := tree.Node("guiyang"), tree.Node("guizhou")
		offer(t, top)
		withdrawn(t, city.Client(""), "nanming", "撤并")
		for _, name := range []string{"白云", "南明"} { // one of them anew
			if _, err := city.Client("").Invite(t.Context(), client.NewInvitation{Name: name}); err != nil {
				t.Fatal(err)
			}
		}
		_, none := top.Client("water").QueryFederated(t.Context(), counted(top, "**.nanming.guiyang.guizhou"))
		if !isProblem(none, text.NobodyBelow) && !isProblem(none, text.SelectorUnknown) {
			t.Errorf("below a county: got %v, want %s", none, text.NobodyBelow)
		}
		tree.Node("bijie").Stop()
		down(tree, "bijie")
		_, err := top.Client("water").QueryFederated(t.Context(), counted(top, "**.贵州"))
		p, ok := errors.AsType[*client.Problem](err)
		if !ok || p.Answer == nil {
			t.Fatalf("got %v, want the account of nobody", err)
		}
		sum := uint64(0)
		for _, n := range p.Answer.States {
			sum += n
		}
		if sum != 88 {
			t.Errorf("the states %v add up to %d", p.Answer.States, sum)
		}
		for name, want := range map[string]struct {
			state, above string
			code         text.Code
		}{
			"nanming.guiyang.guizhou": {client.StateNotJoined, "", text.PlaceWithdrawn}, "baiyun.guiyang.guizhou": {client.StateNotJoined, "", text.PlaceInvited},
			"huichuan.zunyi.guizhou": {client.StateNotJoined, "", ""}, "weining.bijie.guizhou": {client.StateUnreachable, "毕节市", text.Unreachable},
		} {
			i := slices.IndexFunc(p.Answer.Missing, func(m client.MissingMember) bool { return m.Name == name })
			if i < 0 {
				t.Errorf("%s is in no state", name)
				continue
			}
			if m := p.Answer.Missing[i]; want.code == text.PlaceWithdrawn && !strings.Contains(m.Why, "has invited it anew, until 20") {
				t.Errorf("%s: it is told that %q", name, m.Why)
			}
			if m := p.Answer.Missing[i]; m.State != want.state || m.Above != want.above || m.Code != string(want.code) {
				t.Errorf("%s: got %+v, want %+v", name, m, want)
			}
		}
	})
}

// withdrawn has a child withdrawn by its parent, as the plan says.
func withdrawn(t *testing.T, parent *client.Client, child, reason string) client.Entered {
	t.Helper()
	plan, err := parent.WithdrawalPlan(t.Context(), child)
	if err != nil {
		t.Fatal(err)
	}
	done, err := parent.Withdraw(t.Context(), child, client.Withdrawal{Reason: reason, Plan: plan.Hash})
	if err != nil {
		t.Fatal(err)
	}
	return done
}
