package api

import (
	"context"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/client"
	"xietong/node/join"
	"xietong/node/roster"
)

// LinkState is how the link to a neighbour is.
type LinkState struct {
	Up        bool
	Address   string
	LastHeard time.Time // zero: never
	Why       string    // there is none to the parent
}

// tree tells where the jurisdiction stands.
func (s *server) tree(ctx context.Context, h Hosted, _ *plain) (client.Tree, error) {
	chain, err := chainOf(ctx, h)
	if err != nil {
		return client.Tree{}, err
	}
	root := chain[0].KeySets[0].Pin()
	out := client.Tree{
		Name: h.Host.Name().String(), DisplayName: h.DisplayName, Root: root.String(), Fingerprint: root.Fingerprint(),
		Chain: join.Called(chain), Children: []client.Neighbour{}, Addresses: s.node.Addresses(),
	}
	if parent, ok := h.Table.Parent(); ok {
		n := s.parent(h, parent)
		out.Parent = &n
	}
	var children []join.Child
	var now uint64
	err = h.Host.View(ctx, func(r *state.Reader) error {
		children, now = join.Children(r), r.Time()
		return nil
	})
	for _, c := range children {
		out.Children = append(out.Children, s.child(h, c, max(now, uint64(s.node.Now().UnixMilli()))))
	}
	return out, err
}

func (s *server) parent(h Hosted, name identity.Jurisdiction) client.Neighbour {
	n := client.Neighbour{Name: name.String(), DisplayName: roster.Shipped().DisplayName(name), State: client.ChildExpired}
	if p, known := h.Table.Known(name); known {
		n.DisplayName, n.Code, n.Level = p.Place.DisplayName, p.Place.Code, p.Place.Level
		n.Until, n.KeySet = stamp(p.Until), p.KeySets[len(p.KeySets)-1].Number
	}
	if h.Table.IsNeighbour(name) {
		n.State = client.ChildJoined
	}
	s.link(h, name, &n)
	return n
}

// child tells how a child stands at the given time, ms since 1970 UTC.
func (s *server) child(h Hosted, c join.Child, now uint64) client.Neighbour {
	p, log := c.Place, h.Host.Log()
	n := client.Neighbour{Name: p.Name.String(), DisplayName: p.DisplayName, Code: p.Code, Level: p.Level, KeySet: c.Number}
	switch {
	case c.Withdrawn > c.Invitation:
		n.State, n.Entry = client.ChildWithdrawn, c.Withdrawn.In(log).String()
	case c.Joined():
		n.State, n.Entry, n.Until = client.ChildJoined, c.Endorsement.In(log).String(), stampMS(c.NotAfter)
		if now > c.NotAfter {
			n.State = client.ChildExpired
		}
	default:
		n.State, n.Entry, n.Until = client.ChildInvited, c.Invitation.In(log).String(), stampMS(c.Until)
		if now > c.Until {
			n.State = client.ChildExpired
		}
	}
	s.link(h, p.Name, &n)
	return n
}

// link tells how the link to a neighbour is.
func (s *server) link(h Hosted, name identity.Jurisdiction, n *client.Neighbour) {
	l := s.node.Link(h.Host.Name(), name)
	n.Linked, n.Address, n.LastHeard, n.Why = l.Up, l.Address, stamp(l.LastHeard), l.Why
	if heard, ok := h.Table.LastHello(name); ok {
		n.OffsetMS = heard.Offset.Milliseconds()
	}
}

// stamp writes a time of the API; the zero time is "".
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func stampMS(ms uint64) string { return stamp(time.UnixMilli(int64(ms))) }
