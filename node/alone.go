package node

import (
	"errors"
	"slices"

	"xietong/certs/identity"
	"xietong/node/faces/api"
	"xietong/node/ground/config"
	"xietong/node/ground/datadir"
	"xietong/node/ground/host"
)

// broke notes that a hosted jurisdiction cannot go on, and why. Its end is its own: the node closes
// it and serves the others, and the next start tries it again. Where none of the configuration is
// left, the node ends. One that is hosted no more is open still, and counts for nothing.
func (n *Node) broke(name identity.Jurisdiction, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, known := n.broken[name]; known || n.closing {
		return
	}
	n.broken[name] = err
	left := func(c config.Jurisdiction) bool { return n.broken[c.Name] == nil }
	if !slices.ContainsFunc(n.settings.Jurisdictions, left) {
		n.end(err)
		return
	}
	n.o.Logger.Error("jurisdiction ended, the others are served", "jurisdiction", name.String(), "error", err)
	n.workers.Go(func() { n.leaveOut(name) })
}

// leaveOut ends what runs for a jurisdiction that cannot go on, so that whoever waits for it is
// answered. Its files are closed with the node: what was read of it goes on. One that is being
// opened is left out after that.
func (n *Node) leaveOut(name identity.Jurisdiction) {
	n.adding.Lock()
	defer n.adding.Unlock()
	h, ok := n.of(name)
	if !ok {
		return // it was never opened, or is hosted no more
	}
	n.setAside(h)
	if h.stop != nil {
		h.stop()
	}
	n.socket.Recheck()
	_ = h.siblings.links.Close() // it cannot fail
	h.workers.Wait()
	if err := h.host.End(); err != nil {
		n.o.Logger.Warn("jurisdiction did not end well", "jurisdiction", name.String(), "error", err)
	}
}

// setAside hosts a jurisdiction no more; it stays open until the node closes.
func (n *Node) setAside(h *hosted) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosted = slices.DeleteFunc(slices.Clone(n.hosted), func(o *hosted) bool { return o == h })
	n.ended = append(n.ended, h)
}

// setAsideBroken reports whether a jurisdiction broke, and the others are served.
func (n *Node) setAsideBroken(h *hosted) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.broken[h.settings.Name] != nil && slices.Contains(n.ended, h)
}

// whyBroken returns why a jurisdiction of the configuration cannot go on, worded for a person; nil:
// it can.
func (n *Node) whyBroken(name identity.Jurisdiction) error {
	n.mu.RLock()
	err := n.broken[name]
	n.mu.RUnlock()
	if failed, ok := errors.AsType[*replicaError](err); ok {
		return failed.told()
	}
	if anew, ok := errors.AsType[*host.AnewError](err); ok && n.parentHere(name) {
		return &host.AnewError{In: anew.In, Dir: anew.Dir, Inside: true}
	}
	return datadir.Error(n.dir, err)
}

// parentHere reports whether the node hosts the parent of a jurisdiction.
func (n *Node) parentHere(name identity.Jurisdiction) bool {
	parent, ok := name.Parent()
	if ok {
		_, ok = n.of(parent)
	}
	return ok
}

// trouble returns what is wrong with a hosted jurisdiction. What is to be done about its keys is
// another thing where its parent runs on this node.
func (n *Node) trouble(h *hosted) (all []error) {
	for _, err := range h.host.Trouble() {
		if q, ok := errors.AsType[*host.QuestionError](err); ok && n.parentHere(h.settings.Name) {
			inside := *q
			inside.Inside = true
			err = &inside
		}
		all = append(all, err)
	}
	return all
}

// Ended returns the jurisdictions of the configuration that cannot go on, and why.
func (n *Node) Ended() (all []api.Ended) {
	for _, c := range n.configuration().Jurisdictions {
		if err := n.whyBroken(c.Name); err != nil {
			all = append(all, api.Ended{Place: placed(c), Why: err})
		}
	}
	return all
}
