package node

import (
	"context"
	"errors"
	"strconv"

	"xietong/certs/identity"
	"xietong/exchange/link"
	"xietong/node/flows/join"
	"xietong/node/ground/config"
	"xietong/node/ground/datadir"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// Host makes the node host a further jurisdiction below one that it hosts. The new jurisdiction
// joins as every child does: (1) the parent invites it, (2) it knocks at the parent's door, over
// the node's own socket, and is endorsed, (3) the configuration names it, (4) it is opened and
// links to its parent. The same request again goes on where the first one stopped. For a
// jurisdiction that the node hosts already the result has its names and its pin alone.
func (n *Node) Host(ctx context.Context, parent identity.Jurisdiction, id identity.Message, place tree.Place) (join.Result, error) {
	n.adding.Lock()
	defer n.adding.Unlock()
	if h, ok := n.of(place.Name); ok {
		pin, err := h.host.Pin()
		return join.Result{Name: place.Name.String(), DisplayName: place.DisplayName, Pin: pin.String()}, err
	}
	above, ok := n.of(parent)
	if !ok {
		return join.Result{}, text.Fail(text.JurisdictionUnknown, text.Args{"name": parent.String()}, nil)
	}
	at := loopback(n.packets.LocalAddr())
	invited, err := above.face.Joining.InviteInside(ctx, id, place, at.String())
	if err != nil {
		return join.Result{}, err
	}
	c, err := join.Dial(ctx, n.socket, at, parent)
	if err != nil {
		return join.Result{}, join.Unreachable(err, at.String(), above.face.Standing.Called(parent))
	}
	defer c.Close(link.CodeClosing)
	result, err := join.Inside(ctx, n.dir, c, invited.Token, JoinOptions{Options: n.o}.joining())
	if err != nil {
		return result, err
	}
	return result, n.add(ctx, join.Placed(invited.Token))
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
	c := n.settings
	for _, have := range c.Jurisdictions {
		if have.Name == j.Name {
			return nil
		}
	}
	if len(c.Jurisdictions) >= config.MaxHosted {
		return text.Fail(text.BadRequest, text.Args{"where": "host", "reason": strconv.Itoa(config.MaxHosted)}, nil)
	}
	c.Jurisdictions = append(c.Jurisdictions[:len(c.Jurisdictions):len(c.Jurisdictions)], j)
	if err := datadir.WriteConfig(n.dir, c); err != nil {
		return err
	}
	n.settings = c
	return nil
}
