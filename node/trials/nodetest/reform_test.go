package nodetest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestReformSeenFromElsewhere: what is moved, ended and withdrawn at one node is read at another
// that holds a grant there: it goes on under the new provider, and ends with the dataset, in a
// sentence that says when and why; its lists tell it, as far as they can know.
func TestReformSeenFromElsewhere(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		offer(t, city)
		offer(t, county)
		here, there := city.Client(""), county.Client("water")
		grant := func(state string) {
			t.Helper()
			held, err := there.HeldGrants(t.Context(), client.List{})
			if err != nil || len(held.Grants) == 0 || held.Grants[len(held.Grants)-1].State != state {
				t.Errorf("the county holds %+v, %v, want one that is %s", held.Grants, err, state)
			}
		}
		told := func(code text.Code, says ...string) {
			t.Helper()
			_, err := ask(t, county, city)
			p, ok := errors.AsType[*client.Problem](err)
			if !ok || p.Code != string(code) || p.By != "贵阳市" {
				t.Fatalf("the county is told %v (%+v), want %s by 贵阳市", err, p, code)
			}
			for _, one := range says {
				if !strings.Contains(p.Detail+p.Where+p.Do, one) {
					t.Errorf("the county is told %q, want %q in it", p.Detail+p.Where+p.Do, one)
				}
			}
		}
		if _, err := ask(t, county, city); err != nil {
			t.Fatal(err)
		}
		end := client.EndOfAgency{Into: "water", Reason: "机构改革"}
		plan, err := here.PlanAgencyEnd(t.Context(), "civil-affairs", end)
		if err == nil {
			end.Plan = plan.Hash
			_, err = here.EndAgency(t.Context(), "civil-affairs", end)
		}
		if err != nil || plan.Lasting != 1 {
			t.Fatalf("got the plan %+v, %v, want a grant that goes on", plan, err)
		}
		if got, err := ask(t, county, city); err != nil || len(got.Rows) != 1 || got.GrantedNow {
			t.Fatalf("after the merge: got %+v, %v, want a record under the grant from before", got, err)
		}
		grant(client.GrantLive)
		w := client.Withdrawing{Reason: "不再采集"}
		if plan, err = here.PlanWithdrawal(t.Context(), "villages"); err == nil {
			w.Plan = plan.Hash
			_, err = here.WithdrawDataset(t.Context(), "villages", w)
		}
		if err != nil || plan.Ending != 1 {
			t.Fatalf("got the plan %+v, %v, want a grant that ends", plan, err)
		}
		grant(client.GrantLive) // nobody told the county yet
		told(text.DatasetWithdrawn, "不再采集", "villages", "guiyang.guizhou/log/1/")
		grant(client.GrantClosed)
		end = client.EndOfAgency{DropGrants: true, Reason: "机构改革"}
		if plan, err = county.Client("").PlanAgencyEnd(t.Context(), "water", end); err == nil {
			end.Plan = plan.Hash
			_, err = county.Client("").EndAgency(t.Context(), "water", end)
		}
		if err != nil {
			t.Fatal(err)
		}
		asked, err := county.Client("").Asked(t.Context(), client.List{})
		if err != nil || len(asked.Asked) != 3 || !asked.Asked[0].Ended {
			t.Errorf("got %+v, %v, want three questions of an agency that ended", asked.Asked, err)
		}
	})
}

// TestHolderComesBackElsewhere (S19h): an agency that ended, and came back, is served no more under
// the grants that it held at other jurisdictions; the provider's list shows them as closed, by an
// entry of its own, and a grant that is given then counts.
func TestHolderComesBackElsewhere(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		offer(t, city)
		offer(t, county)
		if _, err := ask(t, county, city); err != nil {
			t.Fatal(err)
		}
		back := func() {
			t.Helper()
			end := client.EndOfAgency{Reason: "机构改革", DropGrants: true}
			plan, err := county.Client("").PlanAgencyEnd(t.Context(), "water", end)
			if err == nil {
				end.Plan = plan.Hash
				_, err = county.Client("").EndAgency(t.Context(), "water", end)
			}
			if err == nil {
				_, err = county.Client("").AddAgency(t.Context(), client.NewAgency{Code: "water", Title: plan.From[0].Title, Again: true})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		held := func(all, live int) {
			t.Helper()
			got, err := county.Client("water").HeldGrants(t.Context(), client.List{})
			usable := slices.DeleteFunc(slices.Clone(got.Grants), func(g client.Grant) bool { return g.State != client.GrantLive })
			if err != nil || len(got.Grants) != all || len(usable) != live {
				t.Errorf("the holder lists %+v, %v, want %d, of which %d are live", got.Grants, err, all, live)
			}
		}
		for n := range 2 {
			back()
			held(n+1, 0)
			got, err := ask(t, county, city)
			if err != nil || !got.GrantedNow {
				t.Errorf("after the return: got %+v, %v, want a grant that is given now", got, err)
			}
			if got, err := ask(t, county, city); err != nil || got.GrantedNow {
				t.Errorf("and again: got %+v, %v, want the grant from before", got, err)
			}
		}
		held(3, 1)
		given, err := city.Client("civil-affairs").Grants(t.Context(), client.WantedGrants{})
		var states []string
		for _, g := range given.Grants {
			states = append(states, g.State)
		}
		if err != nil || len(states) != 3 || states[0] != client.GrantLive || states[1] != client.GrantClosed || states[2] != client.GrantClosed {
			t.Errorf("the provider has %v, %v", states, err)
		}
	})
}
