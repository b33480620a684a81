package node

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/node/business/catalog"
	"xietong/node/faces/client"
	"xietong/node/flows/join"
	"xietong/node/flows/reform"
	"xietong/node/ground/config"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// TestHostedWithOtherKeys (A60): a place that joined with keys which are not here, and was
// withdrawn, is given others only by who says so: its own machine would be of no use.
func TestHostedWithOtherKeys(t *testing.T) {
	n, above, county := hosting(t)
	endorsed(t, n, above, newID(t), county)
	folder := host.Folder(n.dir, county.Name)
	if err := os.RemoveAll(folder); err != nil { // as if it had joined from a machine of its own
		t.Fatal(err)
	}
	if _, err := mustHosted(t, n, above).face.Joining.CutOff(t.Context(), newID(t), county.Name, "drill", nil); err != nil {
		t.Fatal(err)
	}
	before, _ := known(t, n, above, county)
	for what, k := range map[string]join.Keys{"keys only": {Only: true}, "plain": {}} {
		_, err := n.Host(t.Context(), above, newID(t), county, k)
		after, _ := known(t, n, above, county)
		if _, made := os.Stat(folder); !failure.Is(err, text.HostOtherKeys) || !errors.Is(made, fs.ErrNotExist) || after.Invitation != before.Invitation {
			t.Errorf("%s: got %v, want %s; folder: %v, invited %d, then %d", what, err, text.HostOtherKeys, made, before.Invitation, after.Invitation)
		}
	}
	if n.Hosts(county.Name) {
		t.Error("its keys are said to be here")
	}
	if _, err := n.Host(t.Context(), above, newID(t), county, join.Keys{Rekey: true}); err != nil || !n.Hosts(county.Name) {
		t.Errorf("with other keys: got %v", err)
	}
}

// hostWith hosts a county, with an agency of the given code.
func hostWith(t *testing.T, n *Node, above identity.Jurisdiction, county tree.Place, agency string) *hosted {
	t.Helper()
	if _, err := n.Host(t.Context(), above, newID(t), county, join.Keys{}); err != nil {
		t.Fatal(err)
	}
	h := mustHosted(t, n, county.Name)
	addTo(t, h, agency)
	return h
}

func addTo(t *testing.T, h *hosted, agency string) {
	t.Helper()
	if _, err := catalog.AddAgency(t.Context(), h.host, newID(t), catalog.Agency{Code: mustLabel(t, agency), Title: agency}); err != nil {
		t.Fatal(err)
	}
}

// TestHostingEndGoesOn: an end that stopped after the withdrawal goes on by the same request, also
// where the plan is another by then.
func TestHostingEndGoesOn(t *testing.T) {
	n, above, county := hosting(t)
	h := hostWith(t, n, above, county, "civil")
	id, plan, blocked := newID(t), planOf(t, n, county.Name), filepath.Join(n.dir, config.FileName+".new")
	if err := os.Mkdir(blocked, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := n.EndHosting(t.Context(), county.Name, id, "merged", plan); err == nil {
		t.Fatal("the configuration was written")
	}
	withdrawn, _ := known(t, n, above, county)
	addTo(t, h, "water")
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	entry, err := n.EndHosting(t.Context(), county.Name, id, "merged", plan)
	if want := withdrawn.Withdrawn.In(mustHosted(t, n, above).host.Log()); err != nil || entry != want {
		t.Errorf("again: got %s, %v, want %s", entry, err, want)
	}
	if _, hosts := n.of(county.Name); hosts {
		t.Error("it is hosted still")
	}
}

// TestUsedEndEndsNothing (A61): the request that ended a hosting, which comes once more after the
// place has joined anew, is refused before anything ends: the place would be endorsed, and served
// by nobody.
func TestUsedEndEndsNothing(t *testing.T) {
	dir, above, county := cityFolder(t), mustName(t, "guiyang.guizhou"), yunyan(t)
	n := openCity(t, dir)
	hostWith(t, n, above, county, "civil")
	id, plan := newID(t), planOf(t, n, county.Name)
	if _, err := n.EndHosting(t.Context(), county.Name, id, "merged", plan); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n = openCity(t, dir)
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := n.Host(t.Context(), above, newID(t), county, join.Keys{}); err != nil {
		t.Fatal(err)
	}
	if now := planOf(t, n, county.Name); now == plan {
		t.Error("the plan of the end is what it was before the place joined anew")
	}
	_, err := n.EndHosting(t.Context(), county.Name, id, "merged", plan)
	if _, hosts := n.of(county.Name); !failure.Is(err, text.HostEndOver) || !hosts {
		t.Errorf("got %v, want %s; hosted: %t", err, text.HostEndOver, hosts)
	}
}

// TestHostingPlanIsOfWhatEnds: the hash of the plan is another where another agency would
// end, or an invitation with it, though their number is the same; the plan tells the invitation.
func TestHostingPlanIsOfWhatEnds(t *testing.T) {
	n, above, county := hosting(t)
	h := hostWith(t, n, above, county, "civil")
	seen := map[string]string{planOf(t, n, county.Name): "at first"}
	differs := func(what string) {
		t.Helper()
		plan := planOf(t, n, county.Name)
		if before, same := seen[plan]; same || plan == "" {
			t.Errorf("%s: the hash is that of %s", what, before)
		}
		seen[plan] = what
	}
	addTo(t, h, "water")
	differs("two agencies")
	order := reform.Order{Agency: mustLabel(t, "civil")}
	shown, err := h.face.Reform.PlanEnd(t.Context(), catalog.Actor{}, order)
	if err != nil {
		t.Fatal(err)
	}
	must(t)(h.face.Reform.End(t.Context(), newID(t), catalog.Actor{}, order, reform.Agreed{Reason: "merged", Plan: shown.Hash}))
	differs("the other agency")
	if _, err := mustHosted(t, n, above).face.Joining.Invite(t.Context(), newID(t), county, 0, true); err != nil {
		t.Fatal(err)
	}
	differs("an invitation")
	if got, err := n.HostingEnd(t.Context(), county.Name); err != nil || !got.Open() {
		t.Errorf("got %+v, %v, want the invitation told", got, err)
	}
}

// TestWithdrawnEndsNoInvitation (A57): a place that is withdrawn and invited anew is not withdrawn
// once more, with a plan or without: the invitation that was handed out stays good. The tree says
// that it is invited anew.
func TestWithdrawnEndsNoInvitation(t *testing.T) {
	_, c := city(t)
	dir := filepath.Join(t.TempDir(), "nanming")
	must(t)(Join(t.Context(), dir, invited(t, c, "南明区").Token, quiet()))
	plan := got(c.WithdrawalPlan(t.Context(), "南明区"))(t)
	must(t)(c.Withdraw(t.Context(), "南明区", client.Withdrawal{Reason: "演练", Plan: plan.Hash}))
	token := invited(t, c, "南明区").Token
	for _, plan := range []string{"", "x", plan.Hash} {
		_, err := c.Withdraw(t.Context(), "南明区", client.Withdrawal{Reason: "演练", Plan: plan})
		if p, ok := errors.AsType[*client.Problem](err); !ok || p.Code != string(text.CutAlready) {
			t.Errorf("with the plan %q: got %v, want %s", plan, err, text.CutAlready)
		}
	}
	if child := got(c.Tree(t.Context()))(t).Children[0]; child.State != client.ChildInvited || !child.Anew {
		t.Errorf("the tree has %+v", child)
	}
	if _, err := Join(t.Context(), dir, token, quiet()); err != nil {
		t.Errorf("with the invitation: got %v", err)
	}
	if child := got(c.Tree(t.Context()))(t).Children[0]; child.State != client.ChildJoined || child.Anew {
		t.Errorf("the tree has %+v", child)
	}
}

// TestWithdrawnTellsTheWay: the way back that is told is host add where this node has the keys, and
// else the invitation; it is not asked for an invitation that waits already.
func TestWithdrawnTellsTheWay(t *testing.T) {
	dir, c := city(t)
	must(t)(Join(t.Context(), filepath.Join(t.TempDir(), "nanming"), invited(t, c, "南明区").Token, quiet()))
	must(t)(c.AddHosted(t.Context(), client.NewHosted{Name: "云岩区"}))
	c = client.Dial(dir, client.Options{In: "贵阳市", CommandLine: true})
	t.Cleanup(func() { c.Close() })
	for _, name := range []string{"南明区", "云岩区"} {
		withdrawn(t, c, name, "演练")
	}
	query := func(at string) error {
		_, err := c.Drill(t.Context(), client.NewDrill{At: at, Fault: client.FaultAltered})
		return err
	}
	plan := func(name string) error {
		_, err := c.WithdrawalPlan(t.Context(), name)
		return err
	}
	tells := func(what string, err error, hosted, anew bool) {
		t.Helper()
		p, ok := errors.AsType[*client.Problem](err)
		if !ok || strings.Contains(p.Do, "host add") != hosted || strings.Contains(p.Do, "invite") == hosted || strings.Contains(p.Detail, "anew") != anew {
			t.Errorf("%s: got %v: %+v", what, err, p)
		}
	}
	tells("own machine", query("南明区"), false, false)
	tells("own machine, again", plan("南明区"), false, false)
	tells("hosted", query("云岩区"), true, false)
	tells("hosted, again", plan("云岩区"), true, false)
	for _, name := range []string{"南明区", "云岩区"} {
		invited(t, c, name)
	}
	tells("own machine, invited anew", query("南明区"), false, true)
	tells("hosted, invited anew", query("云岩区"), true, true)
}

// TestHostingEndIsAnswered: the same end once more under its key, as after a lost answer, has the
// answer of the first; another request under the key is refused.
func TestHostingEndIsAnswered(t *testing.T) {
	dir, c := city(t)
	must(t)(c.AddHosted(t.Context(), client.NewHosted{Name: "云岩区"}))
	here := client.Dial(dir, client.Options{In: "云岩区"})
	t.Cleanup(func() { here.Close() })
	plan := got(here.HostingPlan(t.Context()))(t)
	key := newID(t).String()
	end := func(reason string) (int, string) {
		status, _, answer := send(t, foreign(dir), http.MethodPost, "/v1/hosting/end", fmt.Sprintf(`{"reason":%q,"plan":%q}`, reason, plan.Hash),
			map[string]string{"Xietong-Jurisdiction": "yunyan", "Idempotency-Key": key})
		return status, answer
	}
	if status, answer := end(" "); status == http.StatusOK {
		t.Errorf("without a reason: %s", answer)
	}
	status, first := end("merged")
	if status != http.StatusOK {
		t.Fatalf("got %d %s", status, first)
	}
	if status, answer := end("merged"); status != http.StatusOK || answer != first {
		t.Errorf("again: got %d %s, want %s", status, answer, first)
	}
	if status, answer := end("other"); status != http.StatusConflict || !strings.Contains(answer, string(text.IDReused)) {
		t.Errorf("another: got %d %s", status, answer)
	}
}
