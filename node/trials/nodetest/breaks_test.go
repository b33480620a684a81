package nodetest

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// twoCities are two cities with a county each.
const twoCities = "guizhou\n  guiyang\n    nanming\n  zunyi\n    meitan"

// comesAnew has a node begin again with other keys, as after a fire, or as its parent can do in its
// name.
func comesAnew(t *testing.T, tree *Tree, n *Node) {
	t.Helper()
	n.Stop()
	if err := os.RemoveAll(n.machine.dir); err != nil {
		t.Fatal(err)
	}
	v, err := n.parent.Client("").Invite(t.Context(), client.NewInvitation{Name: n.place.called().DisplayName, Rekey: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Join(v.Token); err != nil {
		t.Fatal(err)
	}
	n.Start()
	tree.WaitLinked(n.place.name.Label().String())
}

// waitingAt returns the key sets that wait at a node.
func waitingAt(t *testing.T, n *Node) []client.WaitingKeys {
	t.Helper()
	view, err := n.Client("").Tree(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return view.Waiting
}

// TestOtherKeysWait: a county comes with other keys. A county of another city, which knew it
// before, refuses calls to it and from it, each told truly, and shows them in its tree, until the
// province confirms them (S05b, S05c).
func TestOtherKeysWait(t *testing.T) {
	Run(t, twoCities, func(t *testing.T, tree *Tree) {
		province, here, there := tree.Node("guizhou"), tree.Node("nanming"), tree.Node("meitan")
		offer(t, here)
		offer(t, there)
		for _, way := range [][2]*Node{{here, there}, {there, here}} {
			if _, err := ask(t, way[0], way[1]); err != nil {
				t.Fatal(err)
			}
		}
		if got := waitingAt(t, here); len(got) != 0 {
			t.Errorf("at first there wait %+v", got)
		}
		comesAnew(t, tree, there)
		offer(t, there)
		time.Sleep(11 * time.Minute)
		tree.WaitLinked("nanming", "meitan", "guiyang", "zunyi")
		for what, way := range map[string][2]*Node{"a call to it": {here, there}, "a call from it": {there, here}} {
			_, err := ask(t, way[0], way[1])
			if p := problem(err); p.Code != string(text.KeysChanged) {
				t.Errorf("%s: got %v (%+v), want %s", what, err, p, text.KeysChanged)
			}
		}
		got := waitingAt(t, here)
		if len(got) != 1 || got[0].Name != there.Name() || got[0].Fingerprint == got[0].OldFingerprint || got[0].Confirmer == "" || got[0].Until == "" {
			t.Fatalf("there wait %+v", got)
		}
		confirm(t, province, there, got[0].Fingerprint)
		time.Sleep(10 * time.Second)
		for _, way := range [][2]*Node{{here, there}, {there, here}} {
			if _, err := ask(t, way[0], way[1]); err != nil {
				t.Errorf("confirmed, %s asks %s: %v", way[0].Name(), way[1].Name(), err)
			}
		}
		if got := waitingAt(t, here); len(got) != 0 {
			t.Errorf("confirmed, there wait %+v", got)
		}
	})
}

// confirm has the province confirm a county's keys as its administrator would, who first mistypes
// them.
func confirm(t *testing.T, province, county *Node, fingerprint string) {
	t.Helper()
	c, name := province.Client(""), county.place.called().DisplayName
	shown, err := c.ToConfirm(t.Context(), name)
	if err != nil || shown.Fingerprint != fingerprint || shown.Name != county.Name() {
		t.Fatalf("to confirm there is %+v, %v, want %s", shown, err, fingerprint)
	}
	wrong := client.NewConfirmation{Fingerprint: "0000 0000 0000 0000 0000 0000", Reason: "called"}
	if _, err := c.Confirm(t.Context(), name, wrong); problem(err).Code != string(text.FingerprintDiffers) || !strings.Contains(problem(err).Detail, fingerprint) {
		t.Errorf("another fingerprint: got %v, want %s with %s", err, text.FingerprintDiffers, fingerprint)
	}
	foreign := client.NewObjection{Pin: shown.Pin, At: county.Name()}
	if _, err := c.Object(t.Context(), foreign); problem(err).Code != string(text.NotOursToObject) {
		t.Errorf("objected for somebody else: got %v, want %s", err, text.NotOursToObject)
	}
	if _, err := c.ToConfirm(t.Context(), county.parent.place.called().DisplayName); problem(err).Code != string(text.NotConfirmable) {
		t.Errorf("its own child: got %v, want %s", err, text.NotConfirmable)
	}
	done, err := c.Confirm(t.Context(), name, client.NewConfirmation{Fingerprint: fingerprint, Reason: "called"})
	if err != nil {
		t.Fatal(err)
	}
	if got := recorded(province, "keys confirmed"); len(got) != 1 || got[0] != done.Entry {
		t.Errorf("the ledger has %v, and it said %s", got, done.Entry)
	}
}

// problem returns the problem that the API told; the zero one for any other error.
func problem(err error) (p client.Problem) {
	if told, ok := errors.AsType[*client.Problem](err); ok {
		p = *told
	}
	return p
}
