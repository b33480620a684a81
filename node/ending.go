package node

import (
	"context"
	"os"
	"slices"
	"strings"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/flows/join"
	"xietong/node/ground/config"
	"xietong/node/ground/datadir"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// EndHosting ends the hosting of a jurisdiction below another one of this node: (1) its parent
// withdraws it, (2) the configuration names it no more, (3) its background work ends and its links
// close. Its folder stays as it is, so that it can be hosted again, with all its data, once the
// node was started anew. The same request again goes on where the first one stopped. The error is
// text.HostFirst for a jurisdiction whose parent is not hosted here, text.HostBelow for one that
// has children, text.EndPlanNeeded or text.PlanMoved where agreed is not the hash of the plan, and
// text.HostEndOver where the same request came before, and the jurisdiction has joined anew since.
func (n *Node) EndHosting(ctx context.Context, name identity.Jurisdiction, id identity.Message, reason, agreed string) (identity.Entry, error) {
	n.adding.Lock()
	defer n.adding.Unlock()
	h, above, err := n.endable(ctx, name)
	if err != nil {
		return identity.Entry{}, err
	}
	entry, err := above.face.Joining.CutOff(ctx, id, name, reason, func(c tree.Child) error {
		plan, err := h.ending(ctx, c)
		if err != nil {
			return err
		}
		return above.face.Joining.Agreed(plan, agreed)
	})
	if err != nil {
		return identity.Entry{}, err
	}
	if err := n.dropFromConfig(name); err != nil {
		return identity.Entry{}, err
	}
	n.setAside(h)
	h.stop()
	n.socket.Recheck()
	h.workers.Wait()
	return entry, nil
}

// HostingEnd tells what EndHosting would do, and refuses what it would refuse.
func (n *Node) HostingEnd(ctx context.Context, name identity.Jurisdiction) (join.Hosting, error) {
	h, above, err := n.endable(ctx, name)
	if err != nil {
		return join.Hosting{}, err
	}
	child, err := above.child(ctx, name)
	if err != nil {
		return join.Hosting{}, err
	}
	return h.ending(ctx, child)
}

// ending tells what the end of the hosting would do; as is how the parent has the jurisdiction.
func (h *hosted) ending(ctx context.Context, as tree.Child) (plan join.Hosting, err error) {
	plan.Name, plan.Child = h.settings.Name, as
	err = h.host.View(ctx, func(r *state.Reader) error {
		plan.Agencies, plan.Datasets = catalog.LivingCodes(r)
		return nil
	})
	return plan, err
}

// child returns what the jurisdiction keeps of one below it.
func (h *hosted) child(ctx context.Context, name identity.Jurisdiction) (child tree.Child, err error) {
	err = h.host.View(ctx, func(r *state.Reader) error {
		child, _ = tree.ChildOf(r, name.Label())
		return nil
	})
	return child, err
}

// endable returns a hosted jurisdiction and its parent, both hosted here.
func (n *Node) endable(ctx context.Context, name identity.Jurisdiction) (h, above *hosted, err error) {
	h, ok := n.of(name)
	if !ok {
		return nil, nil, text.Fail(text.JurisdictionUnknown, text.Args{"name": name.String()}, nil)
	}
	parent, _ := name.Parent()
	if above, ok = n.of(parent); !ok {
		return nil, nil, text.Fail(text.HostFirst, text.Args{"name": name.String()}, nil)
	}
	var below []string
	err = h.host.View(ctx, func(r *state.Reader) error {
		for _, c := range tree.Children(r) {
			if c.Joined() || c.Open() {
				below = append(below, h.face.Standing.Called(c.Place.Name))
			}
		}
		return nil
	})
	if err == nil && len(below) > 0 {
		err = text.Fail(text.HostBelow, text.Args{"name": name.String(), "below": strings.Join(below[:min(len(below), 20)], ", ")}, nil)
	}
	return h, above, err
}

// dropFromConfig writes the configuration without a jurisdiction, whole or not at all.
func (n *Node) dropFromConfig(name identity.Jurisdiction) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.settings
	c.Jurisdictions = slices.DeleteFunc(slices.Clone(c.Jurisdictions), func(j config.Jurisdiction) bool { return j.Name == name })
	if err := datadir.WriteConfig(n.dir, c); err != nil {
		return err
	}
	n.settings = c
	return nil
}

// Hosts reports whether the keys of a jurisdiction, whose parent is hosted here, are here: it is
// hosted, or was.
func (n *Node) Hosts(name identity.Jurisdiction) bool {
	parent, _ := name.Parent()
	if _, ok := n.of(parent); !ok {
		return false
	}
	_, err := os.Stat(host.Folder(n.dir, name))
	return err == nil
}

// wasHosted reports whether the hosting of a jurisdiction ended since the node began.
func (n *Node) wasHosted(name identity.Jurisdiction) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return slices.ContainsFunc(n.ended, func(h *hosted) bool { return h.settings.Name == name })
}
