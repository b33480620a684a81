package node

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/exchange/link"
	"xietong/node/flows/join"
	"xietong/node/ground/config"
	"xietong/node/ground/datadir"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/invitation"
)

// Host makes the node host a further jurisdiction below one that it hosts. The new jurisdiction
// joins as every child does: (1) the parent invites it, (2) it knocks at the parent's door, over
// the node's own socket, and is endorsed, (3) the configuration names it, (4) it is opened and
// links to its parent. Nobody is invited whom the configuration could not name. The same request
// again goes on where the first one stopped, also under another id (see invite). For a jurisdiction
// that the node hosts already the result has its names and its pin alone; where its parent has
// withdrawn it, or a recovery statement came, it is invited and endorsed anew, and goes on as it
// is. With a reason it goes on in the ledger that is here with new keys; see goOnAnew.
func (n *Node) Host(ctx context.Context, parent identity.Jurisdiction, id identity.Message, place tree.Place, k join.Keys) (join.Result, error) {
	n.adding.Lock()
	defer n.adding.Unlock()
	if k.Reason != "" {
		return n.goOnAnew(ctx, parent, id, place, k)
	}
	if h, ok := n.of(place.Name); ok {
		result, err := n.hostAgain(ctx, h, parent, id, place, k)
		result.HeadsAt = n.headsAt(h)
		return result, err
	}
	if err := n.whyBroken(place.Name); err != nil {
		return join.Result{}, err
	}
	if n.wasHosted(place.Name) {
		return join.Result{}, text.Fail(text.HostEnded, text.Args{"name": place.Name.String()}, nil)
	}
	above, ok := n.of(parent)
	if !ok {
		return join.Result{}, text.Fail(text.JurisdictionUnknown, text.Args{"name": parent.String()}, nil)
	}
	if err := n.tryConfig(place); err != nil {
		return join.Result{}, err
	}
	return n.enter(ctx, above, id, place, k.Rekey, func(c *link.Conn, t invitation.Token) (join.Result, error) {
		result, err := join.Inside(ctx, n.dir, c, t, n.hosting(k))
		if err != nil || k.Only {
			return result, err
		}
		result.HeadsAt = n.headsAt(above)
		return result, n.add(ctx, result.Placed)
	})
}

// headsAt returns who keeps the heads of what is below a jurisdiction of this node: the first level
// above it on another node; zero: nobody.
func (n *Node) headsAt(h *hosted) identity.Jurisdiction {
	above, _, ok := n.above(h)
	if !ok {
		return identity.Jurisdiction{}
	}
	return above
}

func (n *Node) hosting(k join.Keys) join.Options {
	o := JoinOptions{Options: n.o, Alone: k.Reason}.joining()
	o.Keys = k
	return o
}

// enter invites a place, and has it enter with the invitation, over a connection to the door of its
// parent.
func (n *Node) enter(ctx context.Context, above *hosted, id identity.Message, place tree.Place, rekey bool, with func(*link.Conn, invitation.Token) (join.Result, error)) (join.Result, error) {
	invited, err := n.invite(ctx, above, id, place, loopback(n.packets.LocalAddr()).String(), rekey)
	if err != nil {
		return join.Result{}, err
	}
	return n.knockAt(ctx, above, invited.Token, with)
}

// knockAt has a place enter with an invitation of a parent on this node, over a connection to its
// door.
func (n *Node) knockAt(ctx context.Context, above *hosted, t invitation.Token, with func(*link.Conn, invitation.Token) (join.Result, error)) (join.Result, error) {
	at, parent := loopback(n.packets.LocalAddr()), above.settings.Name
	c, err := join.Dial(ctx, n.socket, at, parent)
	if err != nil {
		return join.Result{}, join.Unreachable(err, at.String(), above.face.Standing.Called(parent))
	}
	defer c.Close(link.CodeClosing)
	return with(c, t)
}

// hostAgain tells of a jurisdiction that is hosted already. One that its parent has withdrawn comes
// back: its ledger is open, and its keys are there. A recovery statement for them is handed on.
func (n *Node) hostAgain(ctx context.Context, h *hosted, parent identity.Jurisdiction, id identity.Message, place tree.Place, k join.Keys) (join.Result, error) {
	if k.Only {
		sets, err := h.host.KeySets(ctx)
		if err != nil {
			return join.Result{}, err
		}
		first, err := trust.PinOf(sets[0])
		return join.Result{Name: place.Name.String(), DisplayName: place.DisplayName, Pin: first.String()}, err
	}
	above, ok := n.of(parent)
	withdrawn := false
	if ok {
		child, err := above.child(ctx, place.Name)
		if err != nil {
			return join.Result{}, err
		}
		withdrawn = child.Invitation != ledger.None && !child.Joined()
	}
	switch {
	case !ok && len(k.Statement) > 0:
		return join.Result{}, text.Fail(text.JurisdictionUnknown, text.Args{"name": parent.String()}, nil)
	case !withdrawn && len(k.Statement) == 0:
		pin, err := h.host.Pin()
		return join.Result{Name: place.Name.String(), DisplayName: place.DisplayName, Pin: pin.String()}, err
	}
	return n.enter(ctx, above, id, place, k.Rekey, func(c *link.Conn, t invitation.Token) (join.Result, error) {
		result, err := join.Again(ctx, h.host, c, t, n.hosting(k))
		if err == nil {
			err = n.changed(ctx, h)
			h.upkeep.Poke()
		}
		return result, err
	})
}

// invite invites the place. One that is endorsed already is invited anew if the keys that are
// endorsed lie in its folder here: the node ended before the configuration named it. Redeemed by
// those keys, the new invitation leads to the endorsement that stands. One that was withdrawn, and
// whose keys are not here, is invited for other keys with rekey only, and else refused as
// text.HostOtherKeys: it may have a machine of its own, which would be of no use from then on.
func (n *Node) invite(ctx context.Context, above *hosted, id identity.Message, place tree.Place, address string, rekey bool) (join.Invited, error) {
	here, withdrawn, err := n.endorsedHere(ctx, above, place.Name)
	if err == nil && withdrawn && !here && !rekey {
		err = text.Fail(text.HostOtherKeys, text.Args{"name": place.DisplayName, "jurisdiction": above.settings.Name.String()}, nil)
	}
	if err != nil {
		return join.Invited{}, err
	}
	invited, err := above.face.Joining.InviteInside(ctx, id, place, address, withdrawn && !here)
	if code, _ := failure.Told(err); err == nil || text.ByNumber(code) != text.AlreadyJoined || !here {
		return invited, err
	}
	if id, err = identity.NewMessage(); err != nil {
		return join.Invited{}, err
	}
	return above.face.Joining.InviteInside(ctx, id, place, address, true)
}

// endorsedHere reports whether the keys that the parent endorsed last for a jurisdiction are those
// in its folder here, and whether it has withdrawn that endorsement.
func (n *Node) endorsedHere(ctx context.Context, above *hosted, name identity.Jurisdiction) (here, withdrawn bool, err error) {
	child, err := above.child(ctx, name)
	if err != nil || len(child.Endorsed) == 0 {
		return false, false, err
	}
	withdrawn = !child.Joined()
	if _, open := n.of(name); open {
		return true, withdrawn, nil
	}
	folder := host.Folder(n.dir, name)
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return false, withdrawn, nil
	}
	own, err := host.Open(ctx, folder, name, host.Options{Registry: commands(), Logger: n.o.Logger, Now: n.o.Now})
	if err != nil {
		return false, false, datadir.Error(n.dir, err)
	}
	pin, err := own.Pin()
	if err = errors.Join(err, own.Close()); err != nil {
		return false, false, err
	}
	hash := pin.Hash()
	return bytes.Equal(child.Endorsed, hash[:]), withdrawn, nil
}

// add names a jurisdiction in the configuration, opens it and starts its background work.
func (n *Node) add(ctx context.Context, c config.Jurisdiction) error {
	if err := n.addToConfig(c); err != nil {
		return err
	}
	h, err := n.open(ctx, c)
	if err != nil {
		return err
	}
	if err := n.furnish(ctx, h); err != nil { // before it is seen: requests come at once
		return errors.Join(err, h.host.Close())
	}
	h.opened()
	n.mu.Lock()
	n.hosted = append(n.hosted, h)
	n.mu.Unlock()
	n.start(h)
	return nil
}

// addToConfig writes the configuration with one jurisdiction more, whole or not at all.
func (n *Node) addToConfig(j config.Jurisdiction) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	c, err := with(n.settings, j)
	if err == nil {
		err = datadir.WriteConfig(n.dir, c)
	}
	if err != nil {
		return err
	}
	n.settings = c
	return nil
}

// configuration returns the configuration as it is now, for whoever does not hold mu: places are
// added to it while the node runs.
func (n *Node) configuration() config.Config {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.settings
}

// tryConfig refuses a place that the configuration could not name.
func (n *Node) tryConfig(p tree.Place) error {
	n.mu.RLock()
	defer n.mu.RUnlock()
	c, err := with(n.settings, config.Jurisdiction{Name: p.Name, DisplayName: p.DisplayName, ShortName: p.ShortName, Code: p.Code, Level: p.Level})
	if err != nil {
		return err
	}
	return datadir.TryConfig(n.dir, c)
}

// with returns the configuration with one jurisdiction more, unless it has it.
func with(c config.Config, j config.Jurisdiction) (config.Config, error) {
	for _, have := range c.Jurisdictions {
		if have.Name == j.Name {
			return c, nil
		}
	}
	if len(c.Jurisdictions) >= config.MaxHosted {
		return c, text.Fail(text.BadRequest, text.Args{"where": "host", "reason": strconv.Itoa(config.MaxHosted)}, nil)
	}
	c.Jurisdictions = append(c.Jurisdictions[:len(c.Jurisdictions):len(c.Jurisdictions)], j)
	return c, nil
}
