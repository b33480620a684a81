package node

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/link"
	"xietong/node/flows/join"
	"xietong/node/ground/config"
	"xietong/node/ground/datadir"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/invitation"
)

// A jurisdiction whose keys count no more goes on in its ledger with others, by an invitation of
// its parent and while its own node is stopped (see join.Alone). Where the parent runs on the same
// node, that is done while the node runs: (1) the level above on another node says what it keeps of
// the ledger, (2) the place is closed, (3) it makes the keys and begins its epoch, (4) its parent
// endorses them, over the node's own socket, (5) it is opened again. Whatever ends this between (3)
// and (4) leaves it closed, as a start does, and the same request goes on.

// anewWithin is how long that takes at most; it goes on where whoever asked for it is gone.
const anewWithin = 3 * time.Minute

// headsWithin is how long the level above is waited for.
const headsWithin = 20 * time.Second

// goOnAnew has a place whose parent this node hosts go on in the ledger that is in its folder here,
// with new keys, for k.Reason. The caller holds adding. The error is text.HostKeysCount where the
// keys count that it has, text.BeingVerified while its parent is in question itself, and
// text.AboveUnheard where the level above does not say what it keeps, for host.AskAgain since the
// place is in question.
func (n *Node) goOnAnew(ctx context.Context, parent identity.Jurisdiction, id identity.Message, place tree.Place, k join.Keys) (join.Result, error) {
	above, ok := n.of(parent)
	if !ok {
		return join.Result{}, text.Fail(text.JurisdictionUnknown, text.Args{"name": parent.String()}, nil)
	}
	h, open := n.of(place.Name)
	if open {
		needs, err := n.needsKeys(ctx, above, h)
		if err != nil {
			return join.Result{}, err
		}
		if k.Rekey = needs; !needs { // it has them since a moment ago
			k.Reason = ""
			return n.hostAgain(ctx, h, parent, id, place, k)
		}
	} else if err := n.whyNotAnew(place.Name); err != nil {
		return join.Result{}, err
	}
	if err := above.heard(ctx); err != nil { // it would endorse nothing
		return join.Result{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), anewWithin)
	defer cancel()
	o := n.hosting(k)
	if open {
		var err error
		if o.Alone.Heads, o.Alone.HeadsAt, err = n.headsOf(ctx, h); err != nil {
			return join.Result{}, err
		}
		n.takeDown(h)
	}
	result, err := n.anew(ctx, above, id, place, o)
	if err == nil && k.Only { // it stays closed until the statement comes
		return result, nil
	}
	opened := n.reopen(ctx, place.Name, result.Placed)
	if err != nil { // it is open as before, or closed for what it waits for
		return result, err
	}
	result.HeadsAt = n.headsAt(above)
	return result, opened
}

// needsKeys reports whether a place is to have other keys: its ledger is in question, and it has
// not gone on with others a moment ago; or its parent believes those that it has no more. The error
// is text.HostKeysCount where they count.
func (n *Node) needsKeys(ctx context.Context, above, h *hosted) (bool, error) {
	child, err := above.child(ctx, h.settings.Name)
	if err != nil {
		return false, err
	}
	outrun, epoch, err := n.outrunInside(ctx, above, h)
	q, questioned := errors.AsType[*host.QuestionError](h.host.Questioned())
	switch {
	case err != nil:
		return false, err
	case outrun || !child.Joined() || h.host.Denied() != nil:
		return true, nil
	case !questioned:
		return false, text.Fail(text.HostKeysCount, text.Args{"name": h.settings.Name.String()}, nil)
	}
	begun := q.Epoch > 0 && q.Epoch == epoch && q.Outrun == 0 && q.Found == nil
	return !begun, nil
}

// outrunInside reports whether a parent on this node believes other keys of a place than are in its
// folder: it endorsed those, or lost that with entries of its own, and knows it by their heads. It
// returns the epoch with which the newest chain of those in the folder began.
func (n *Node) outrunInside(ctx context.Context, above, h *hosted) (outrun bool, began uint64, err error) {
	signed, err := h.host.KeySets(ctx)
	if err != nil {
		return false, 0, err
	}
	sets, err := trust.WalkFirst(signed)
	if err != nil {
		return false, 0, err
	}
	has := func(number uint64, hash []byte) bool {
		if number == 0 || number > uint64(len(sets)) {
			return false
		}
		own := sets[number-1].Hash()
		return bytes.Equal(own[:], hash)
	}
	err = above.host.View(ctx, func(r *state.Reader) error {
		child, _ := tree.ChildOf(r, h.settings.Name.Label())
		held, is := tree.HeldOf(r, h.settings.Name.Label())
		outrun = is && !has(held.Number, held.Hash) || len(child.Hash) > 0 && !has(child.Number, child.Hash)
		return nil
	})
	return outrun, sets[0].Epoch, err
}

// whyNotAnew returns why a place that is not open cannot go on: it is none whose new keys nobody
// has endorsed yet, nor one that is hosted no more.
func (n *Node) whyNotAnew(name identity.Jurisdiction) error {
	n.mu.RLock()
	why := n.broken[name]
	n.mu.RUnlock()
	if _, begun := errors.AsType[*host.AnewError](why); begun {
		return nil
	}
	if why != nil {
		return n.whyBroken(name)
	}
	if n.wasHosted(name) {
		return text.Fail(text.HostEnded, text.Args{"name": name.String()}, nil)
	}
	if _, err := os.Stat(host.Folder(n.dir, name)); errors.Is(err, fs.ErrNotExist) {
		return text.Fail(text.HostNoFolder, text.Args{"name": name.String(), "dir": host.Folder(n.dir, name)}, nil)
	} else if err != nil {
		return datadir.Error(n.dir, err)
	}
	return nil
}

// headsOf returns how much of each log of a place the first level above on another node keeps the
// heads of, as the place verifies it: its parent may have been lost with it.
func (n *Node) headsOf(ctx context.Context, h *hosted) (all []ledger.Checkpoint, at identity.Jurisdiction, err error) {
	at, _, ok := n.above(h)
	if !ok {
		return nil, at, nil
	}
	ctx, cancel := context.WithTimeout(ctx, headsWithin)
	defer cancel()
	seen, err := h.witness.SeenAbove(ctx)
	if q, questioned := errors.AsType[*host.QuestionError](h.host.Questioned()); err != nil && (!questioned || time.Since(q.Since) < host.AskAgain) {
		return nil, at, text.Fail(text.AboveUnheard, text.Args{"jurisdiction": h.settings.Name.String(), "name": at.String()}, err)
	}
	for _, s := range seen {
		all = append(all, s.Checkpoint)
	}
	return all, at, nil
}

// anew makes the keys and has them endorsed. The invitation is the parent's own, for other keys,
// and takes the place of one that waits.
func (n *Node) anew(ctx context.Context, above *hosted, id identity.Message, place tree.Place, o join.Options) (join.Result, error) {
	child, err := above.child(ctx, place.Name)
	if err != nil {
		return join.Result{}, err
	}
	o.Hosted = max(o.Hosted, len(n.configuration().Jurisdictions))
	o.Alone.Endorsed, o.Alone.Recovery = child.Endorsed, child.Recovery
	at := loopback(n.packets.LocalAddr())
	invited, err := above.face.Joining.InviteInside(ctx, id, place, at.String(), true)
	if err != nil {
		return join.Result{}, err
	}
	return n.knockAt(ctx, above, invited.Token, func(c *link.Conn, t invitation.Token) (join.Result, error) {
		return join.Inside(ctx, n.dir, c, t, o)
	})
}

// takeDown closes a place, files and all, so that it can be opened anew. What was asked of it and
// goes on is answered that it is closed. Until it is open again, the node says that its keys are
// not endorsed.
func (n *Node) takeDown(h *hosted) {
	name := h.settings.Name
	n.mu.Lock()
	n.broken[name] = &host.AnewError{In: name, Dir: host.Folder(n.dir, name)}
	n.mu.Unlock()
	n.setAside(h)
	h.stop()
	n.socket.Recheck()
	_ = h.siblings.links.Close() // it cannot fail
	h.workers.Wait()
	if err := h.host.Close(); err != nil {
		n.o.Logger.Warn("jurisdiction did not close well", "jurisdiction", name.String(), "error", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ended = slices.DeleteFunc(slices.Clone(n.ended), func(o *hosted) bool { return o == h })
}

// reopen opens a place that was taken down, or that the configuration did not name until now; it is
// shut again where its keys are not endorsed.
func (n *Node) reopen(ctx context.Context, name identity.Jurisdiction, placed config.Jurisdiction) error {
	c, named := n.configured(name)
	if !named && placed.Name != name {
		return nil // nothing came of it
	}
	n.mu.Lock()
	delete(n.broken, name)
	n.mu.Unlock()
	if !named {
		return n.add(ctx, placed)
	}
	h, err := n.open(ctx, c)
	if err == nil {
		if err = n.furnish(ctx, h); err != nil {
			err = errors.Join(err, h.host.Close())
		}
	}
	if err != nil {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.broken[name] = err
		return datadir.Error(n.dir, err)
	}
	h.opened()
	n.mu.Lock()
	n.hosted = slices.Insert(slices.Clone(n.hosted), n.placeOf(name), h)
	n.mu.Unlock()
	n.start(h)
	return nil
}

// configured returns what the configuration says of a jurisdiction.
func (n *Node) configured(name identity.Jurisdiction) (config.Jurisdiction, bool) {
	all := n.configuration().Jurisdictions
	at := slices.IndexFunc(all, func(c config.Jurisdiction) bool { return c.Name == name })
	if at < 0 {
		return config.Jurisdiction{}, false
	}
	return all[at], true
}

// placeOf returns where a jurisdiction stands among those that are hosted: as in the configuration.
// The caller holds mu.
func (n *Node) placeOf(name identity.Jurisdiction) int {
	order := func(of identity.Jurisdiction) int {
		return slices.IndexFunc(n.settings.Jurisdictions, func(c config.Jurisdiction) bool { return c.Name == of })
	}
	at := slices.IndexFunc(n.hosted, func(h *hosted) bool { return order(h.settings.Name) > order(name) })
	if at < 0 {
		return len(n.hosted)
	}
	return at
}
