package node

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/link"
	"xietong/node/flows/join"
	"xietong/node/ground/config"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// hosting is an open node of a city that children can dial, and the place of a county below it.
func hosting(t *testing.T) (n *Node, above identity.Jurisdiction, county tree.Place) {
	t.Helper()
	n = openCity(t, cityFolder(t))
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n, mustName(t, "guiyang.guizhou"), yunyan(t)
}

func cityFolder(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "guiyang")
	if _, err := Init(dir, InitOptions{Name: "guiyang.guizhou", DisplayName: "贵阳市", Level: "prefecture", Listen: freePort(t)}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func openCity(t *testing.T, dir string) *Node {
	t.Helper()
	n, err := Open(t.Context(), dir, Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func yunyan(t *testing.T) tree.Place {
	return tree.Place{
		Name: mustName(t, "yunyan.guiyang.guizhou"), Code: "520103", Level: "county", DisplayName: "云岩区", ShortName: "云岩区",
	}
}

func newID(t *testing.T) identity.Message {
	t.Helper()
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// known returns what the city has of the county.
func known(t *testing.T, n *Node, above identity.Jurisdiction, county tree.Place) (c tree.Child, invited bool) {
	t.Helper()
	h, _ := n.of(above)
	err := h.host.View(t.Context(), func(r *state.Reader) error {
		c, invited = tree.ChildOf(r, county.Name.Label())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, invited
}

// TestHostIsCheckedFirst: who cannot be hosted is not invited: where the configuration is full, or
// cannot be written.
func TestHostIsCheckedFirst(t *testing.T) {
	n, above, county := hosting(t)
	blocked := filepath.Join(n.dir, config.FileName+".new")
	if err := os.Mkdir(blocked, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := n.Host(t.Context(), above, newID(t), county, join.Keys{})
	if _, invited := known(t, n, above, county); err == nil || invited {
		t.Errorf("a configuration that cannot be written: got %v, invited: %t", err, invited)
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	n.mu.Lock() // what runs reads it
	one := n.settings
	for i := len(one.Jurisdictions); i < config.MaxHosted; i++ {
		n.settings.Jurisdictions = append(n.settings.Jurisdictions, config.Jurisdiction{Name: mustName(t, fmt.Sprintf("c%d.guizhou", i))})
	}
	n.mu.Unlock()
	_, err = n.Host(t.Context(), above, newID(t), county, join.Keys{})
	if _, invited := known(t, n, above, county); text.AsFailure(err).Code != text.BadRequest || invited {
		t.Errorf("a full configuration: got %v, invited: %t", err, invited)
	}
	n.mu.Lock()
	n.settings = one
	n.mu.Unlock()
	if _, err = n.Host(t.Context(), above, newID(t), county, join.Keys{}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestHostGoesOn: a node that ended after the parent had endorsed the jurisdiction, and before the
// configuration named it, hosts it by the same command, under another id.
func TestHostGoesOn(t *testing.T) {
	for what, ended := range map[string]func(folder string) error{
		"before the configuration":      func(string) error { return nil },
		"before the chain":              func(folder string) error { return os.Remove(filepath.Join(folder, "chain")) },
		"and its keys are others":       os.RemoveAll,
		"before the end of the request": nil,
	} {
		n, above, county := hosting(t)
		id := newID(t)
		endorsed(t, n, above, id, county)
		before, _ := known(t, n, above, county)
		if ended != nil {
			id = newID(t)
			if err := ended(host.Folder(n.dir, county.Name)); err != nil {
				t.Fatal(err)
			}
		}
		got, err := n.Host(t.Context(), above, id, county, join.Keys{})
		if what == "and its keys are others" {
			_, made := os.Stat(host.Folder(n.dir, county.Name))
			if code, _ := failure.Told(err); text.ByNumber(code) != text.AlreadyJoined || !errors.Is(made, fs.ErrNotExist) {
				t.Errorf("%s: got %v, want %s; folder: %v", what, err, text.AlreadyJoined, made)
			}
			continue
		}
		after, _ := known(t, n, above, county)
		if h, hosted := n.of(county.Name); err != nil || !hosted {
			t.Errorf("ended %s: got %v", what, err)
		} else if parent, ok := h.table.Parent(); !ok || parent != above || got.Pin == "" || after.Endorsement != before.Endorsement {
			t.Errorf("ended %s: got %+v, below %s, endorsed %d, then %d", what, got, parent, before.Endorsement, after.Endorsement)
		}
	}
}

// endorsed goes as far as Host does before the configuration names the jurisdiction.
func endorsed(t *testing.T, n *Node, above identity.Jurisdiction, id identity.Message, county tree.Place) {
	t.Helper()
	h, _ := n.of(above)
	at := loopback(n.packets.LocalAddr())
	invited, err := h.face.Joining.InviteInside(t.Context(), id, county, at.String(), false)
	if err != nil {
		t.Fatal(err)
	}
	c, err := join.Dial(t.Context(), n.socket, at, above)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(link.CodeClosing)
	if _, err := join.Inside(t.Context(), n.dir, c, invited.Token, JoinOptions{Options: n.o}.joining()); err != nil {
		t.Fatal(err)
	}
}
