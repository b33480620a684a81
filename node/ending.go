package node

import (
	"context"
	"slices"
	"strings"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/flows/join"
	"xietong/node/ground/config"
	"xietong/node/ground/datadir"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// EndHosting ends the hosting of a jurisdiction below another one of this node: (1) its parent
// withdraws it, (2) the configuration names it no more, (3) its background work ends and its links
// close. Its folder stays as it is, so that it can be hosted again, with all its data, once the
// node was started anew. The same request again goes on where the first one stopped. The error is
// text.HostFirst for a jurisdiction whose parent is not hosted here, text.HostBelow for one that
// has children, and text.EndPlanNeeded or text.PlanMoved where agreed is not the hash of the plan.
func (n *Node) EndHosting(ctx context.Context, name identity.Jurisdiction, id identity.Message, reason, agreed string) (identity.Entry, error) {
	n.adding.Lock()
	defer n.adding.Unlock()
	h, above, err := n.endable(ctx, name)
	if err != nil {
		return identity.Entry{}, err
	}
	plan, err := h.ending(ctx)
	if err == nil {
		err = above.face.Joining.Agreed(plan, agreed)
	}
	if err != nil {
		return identity.Entry{}, err
	}
	entry, err := above.face.Joining.CutOff(ctx, id, name, reason)
	if err != nil {
		return identity.Entry{}, err
	}
	if err := n.dropFromConfig(name); err != nil {
		return identity.Entry{}, err
	}
	n.mu.Lock()
	n.hosted = slices.DeleteFunc(slices.Clone(n.hosted), func(o *hosted) bool { return o == h })
	n.ended = append(n.ended, h)
	n.mu.Unlock()
	h.stop()
	n.socket.Recheck()
	h.workers.Wait()
	return entry, nil
}

// HostingEnd tells what EndHosting would do, and refuses what it would refuse.
func (n *Node) HostingEnd(ctx context.Context, name identity.Jurisdiction) (join.Hosting, error) {
	h, _, err := n.endable(ctx, name)
	if err != nil {
		return join.Hosting{}, err
	}
	return h.ending(ctx)
}

// ending tells what the end of the hosting would do.
func (h *hosted) ending(ctx context.Context) (plan join.Hosting, err error) {
	plan.Name = h.settings.Name
	err = h.host.View(ctx, func(r *state.Reader) error {
		plan.Agencies, plan.Datasets = catalog.Counts(r)
		return nil
	})
	return plan, err
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

// wasHosted reports whether the hosting of a jurisdiction ended since the node began.
func (n *Node) wasHosted(name identity.Jurisdiction) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return slices.ContainsFunc(n.ended, func(h *hosted) bool { return h.settings.Name == name })
}
