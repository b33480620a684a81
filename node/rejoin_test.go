package node

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// TestOthersInvitation (A50): a jurisdiction that has joined is given an invitation by a stranger,
// whose root has the same name. It is refused with its cause, and what the jurisdiction believes of
// its root stays as it was: it goes on below its parent.
func TestOthersInvitation(t *testing.T) {
	_, parent := city(t)
	_, stranger := city(t)
	dir := filepath.Join(t.TempDir(), "nanming")
	if _, err := Join(t.Context(), dir, invited(t, parent, "南明区").Token, quiet()); err != nil {
		t.Fatal(err)
	}
	chain := filepath.Join(host.Folder(dir, mustName(t, "nanming.guiyang.guizhou")), "chain")
	before, err := os.ReadFile(chain)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Join(t.Context(), dir, invited(t, stranger, "南明区").Token, quiet())
	if text.AsFailure(err).Code != text.OtherTree {
		t.Errorf("got %v, want %s", err, text.OtherTree)
	}
	if after, err := os.ReadFile(chain); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the kept chain is another: %v", err)
	}
	serve(t, dir)
	linked(t, dial(t, dir, "en"), "guiyang.guizhou")
}

// TestJoinsAgainAfterRenewal: the root has other keys than when the jurisdiction joined, and
// invites it anew with them. It is the same root, and the pin that was kept first stays.
func TestJoinsAgainAfterRenewal(t *testing.T) {
	_, c := city(t)
	dir := filepath.Join(t.TempDir(), "nanming")
	first, err := Join(t.Context(), dir, invited(t, c, "南明区").Token, quiet())
	if err != nil {
		t.Fatal(err)
	}
	must(t)(c.NewKeys(t.Context(), client.NewKeys{Revoke: true}))
	must(t)(c.Withdraw(t.Context(), "南明区", client.Withdrawal{Reason: "演练"}))
	again, err := Join(t.Context(), dir, invited(t, c, "南明区").Token, quiet())
	if err != nil || again.Root != first.Root {
		t.Fatalf("got %+v, %v, want the root %s", again, err, first.Root)
	}
	serve(t, dir)
	linked(t, dial(t, dir, "en"), "guiyang.guizhou")
}
