package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/faces/client"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// LinkState is the state of the link to a neighbour.
type LinkState struct {
	Up        bool
	Address   string
	Since     time.Time     // since when it is up; zero: it is not
	LastHeard time.Time     // zero: never
	Silent    bool          // it is up, and nothing was heard for longer than its other end is ever silent
	Offset    time.Duration // how far the neighbour's clock is ahead of this machine's, by its last hello
	Dialled   string        // where the configuration says that the parent is; "": it does not
	Why       string        // why there is no link to the parent; "": not known, or it is no parent
}

// tree tells the place of the jurisdiction in the tree, and the state of its neighbours.
func (s *server) tree(ctx context.Context, h Hosted, _ *plain) (client.Tree, error) {
	ctx = book.Glance(ctx) // it answers also while most replicas are away
	chain, err := h.Standing.Chain(ctx)
	if err != nil {
		return client.Tree{}, err
	}
	root, name := chain[0].KeySets[0].Pin(), h.Ledger.Name()
	out := client.Tree{
		Name: name.String(), DisplayName: h.Standing.Called(name), Root: root.String(), Fingerprint: root.Fingerprint(),
		Epoch: h.Ledger.Log().Epoch(), Began: h.Ledger.Names().First().Epoch(), Chain: h.Standing.CalledChain(chain), Children: []client.Neighbour{}, Addresses: h.Joining.Addresses(),
	}
	if out.Check, err = s.check(ctx, h, false); err != nil {
		return out, err
	}
	if parent, ok := h.Standing.Parent(); ok {
		n := s.parent(h, parent)
		if h.Keys.Denied() == nil {
			n.Alarm = cmp.Or(n.Alarm, worst(out.Check.Alarms))
		}
		out.Parent = &n
	}
	out.Check.Alarms = append(out.Check.Alarms, ledgerAlarms(h)...)
	var below childrenAt
	err = h.Ledger.View(ctx, func(r *state.Reader) error {
		below, out.Lost = childrenIn(r), lostShown(r)
		return nil
	})
	out.Children = s.children(h, below)
	linkedElsewhere(ctx, h, out.Parent, out.Children)
	if err == nil {
		out.Waiting, err = waitingKeys(ctx, h, chain[0].Newest().Name)
	}
	return out, err
}

// listChildren is a request for the children of the jurisdiction.
type listChildren struct {
	Listed
	State  string `query:"state" enum:"invited,joined,expired,withdrawn,cancelled,damaged,held,lost" doc:"Only those in this state"`
	Search string `query:"search" maxLength:"100" doc:"Only those whose name, code or display name has this in it"`
}

// childrenListed lists the children as tree shows them.
func (s *server) childrenListed(ctx context.Context, h Hosted, in *listChildren) (out client.Children, err error) {
	w := whole[client.Neighbour]{
		Hosted: h, Listed: in.Listed, name: "children", filter: []string{in.State, in.Search}, id: func(n client.Neighbour) string { return n.Name },
		keep: []func(client.Neighbour) bool{func(n client.Neighbour) bool {
			return matches(in.State, n.State) && finds(in.Search, n.Name, n.Code, n.DisplayName)
		}},
	}
	err = h.Ledger.View(ctx, func(r *state.Reader) error {
		w.all = s.children(h, childrenIn(r))
		return nil
	})
	linkedElsewhere(ctx, h, nil, w.all)
	if err == nil {
		out.Children, out.Cursor, err = w.page()
	}
	return out, err
}

// hostedListed lists the jurisdictions that the node hosts.
func (s *server) hostedListed(_ context.Context, h Hosted, in *listHosted) (out client.HostedList, err error) {
	w := whole[client.HostedRow]{
		Hosted: h, Listed: in.Listed, name: "hosted", filter: []string{in.Search}, id: func(r client.HostedRow) string { return r.Name },
		keep: []func(client.HostedRow) bool{func(r client.HostedRow) bool { return finds(in.Search, r.Name, r.Code, r.DisplayName) }},
	}
	for _, each := range s.node.Hosted() {
		p := each.Standing.Place(each.Ledger.Name())
		w.all = append(w.all, client.HostedRow{
			Name: each.Ledger.Name().String(), DisplayName: p.DisplayName, Code: p.Code, Level: p.Level, Log: each.Ledger.Log().String(), Leader: each.Ledger.Leads(),
		})
	}
	out.Hosted, out.Cursor, err = w.page()
	return out, err
}

type listHosted struct {
	Listed
	Search string `query:"search" maxLength:"100" doc:"Only those whose name, code or display name has this in it"`
}

// childrenAt are the children at a time of the ledger's clock, in ms since 1970 UTC.
type childrenAt struct {
	all  []tree.Child
	held []tree.HeldChild
	now  uint64
}

func childrenIn(r *state.Reader) childrenAt {
	return childrenAt{tree.Children(r), tree.AllHeld(r), r.Clock()}
}

// children tells the state of all children, and last of those that joined in entries that are lost.
func (s *server) children(h Hosted, below childrenAt) []client.Neighbour {
	all, unknown := []client.Neighbour{}, slices.Clone(below.held)
	for _, c := range below.all {
		n, is := s.child(h, c, max(below.now, uint64(s.node.Now().UnixMilli()))), func(h tree.HeldChild) bool { return h.Name == c.Place.Name }
		if i := slices.IndexFunc(below.held, is); i >= 0 && (c.Joined() || !c.InvitedSince(below.held[i].Held)) {
			n.State, n.Entry, n.Until, n.Anew = client.ChildHeld, below.held[i].Lost.String(), "", false
			if !c.Joined() {
				n.State = client.ChildLost
			}
		}
		all = append(all, n)
		unknown = slices.DeleteFunc(unknown, is)
	}
	for _, c := range unknown {
		n := s.neighbour(h, c.Name)
		n.State, n.Entry = client.ChildLost, c.Lost.String()
		all = append(all, n)
	}
	return all
}

// linkedElsewhere tells of the neighbours to which this replica has no link which other one has
// one. The others are asked where a link is missing.
func linkedElsewhere(ctx context.Context, h Hosted, parent *client.Neighbour, children []client.Neighbour) {
	missing := func(n client.Neighbour) bool { return !n.Linked && n.KeySet > 0 }
	if (parent == nil || !missing(*parent)) && !slices.ContainsFunc(children, missing) {
		return
	}
	by := map[string]string{}
	for name, r := range h.Replicas.Linked(ctx) {
		by[name.String()] = r.String()
	}
	if parent != nil && missing(*parent) {
		parent.LinkedBy = by[parent.Name]
	}
	for i, c := range children {
		if missing(c) {
			children[i].LinkedBy = by[c.Name]
		}
	}
}

// heldShown tells why children are held.
func heldShown(below childrenAt) (wrong []error) {
	for _, c := range below.held {
		wrong = append(wrong, c.Why(c.Name))
	}
	return wrong
}

// waitingKeys tells the key sets that wait, in the tree of the root.
func waitingKeys(ctx context.Context, h Hosted, root identity.Jurisdiction) (all []client.WaitingKeys, err error) {
	waiting, err := h.Breaks.Waiting(ctx, identity.Jurisdiction{})
	for _, w := range waiting {
		name := w.Pin.Name()
		out := client.WaitingKeys{
			Name: name.String(), DisplayName: h.Standing.Called(name), Pin: w.Pin.String(), Fingerprint: w.Pin.Fingerprint(),
			OldFingerprint: w.Believed.Fingerprint(), Seen: stamp(w.Seen),
		}
		if !w.Objected {
			out.Until = stamp(w.Until)
		}
		if parent, _ := name.Parent(); parent != root {
			above, _ := parent.Parent()
			out.Confirmer = h.Standing.Called(above)
		}
		all = append(all, out)
	}
	return all, err
}

func (s *server) neighbour(h Hosted, name identity.Jurisdiction) client.Neighbour {
	p := h.Standing.Place(name)
	n := client.Neighbour{Name: name.String(), DisplayName: h.Standing.Called(name), Code: p.Code, Level: p.Level}
	l := s.node.Link(h.Ledger.Name(), name)
	if alarm, ok := h.Standing.Alarmed(name); ok {
		n.Alarm = string(alarm.Code)
	}
	n.Linked, n.Address, n.LastHeard, n.Why, n.OffsetMS = l.Up, l.Address, stamp(l.LastHeard), l.Why, l.Offset.Milliseconds()
	n.LinkedSince, n.Silent, n.ShortName = stamp(l.Since), l.Silent, p.ShortName
	if p, known := h.Standing.Neighbour(name); known {
		if epoch := p.KeySets[len(p.KeySets)-1].Epoch; epoch > 1 {
			n.Epoch = epoch
		}
	}
	witnessed(h, &n, name)
	return n
}

func (s *server) parent(h Hosted, name identity.Jurisdiction) client.Neighbour {
	n := s.neighbour(h, name)
	n.State = client.ChildExpired
	if p, known := h.Standing.Neighbour(name); known {
		n.Until, n.KeySet = stamp(p.Until), p.KeySets[len(p.KeySets)-1].Number
		if p.Live {
			n.State = client.ChildJoined
		}
	}
	if d := h.Keys.Denied(); d != nil {
		n.State, n.Until = deniedAs(text.Code(d.Code)), ""
		if n.Alarm == d.Code { // it is told as the parent's word, and not as its fault
			n.Alarm = ""
		}
	}
	return n
}

// deniedAs is the state of a parent that said the code of the own keys: it endorses none of this
// jurisdiction, or others.
func deniedAs(said text.Code) string {
	switch said {
	case text.KeySetOld, text.KeySetsForked, text.KeysSuperseded:
		return client.ParentOthers
	}
	return client.ParentDenies
}

// child tells the state of a child at the given time, in ms since 1970 UTC.
func (s *server) child(h Hosted, c tree.Child, now uint64) client.Neighbour {
	n, names := s.neighbour(h, c.Place.Name), h.Ledger.Names()
	n.KeySet = c.Number
	if c.Place.DisplayName != n.DisplayName {
		n.EndorsedAs = c.Place.DisplayName
	}
	switch {
	case c.Damaged:
		n.State, n.EndorsedAs = client.ChildDamaged, ""
	case c.Joined():
		n.State, n.Entry, n.Until = client.ChildJoined, c.Endorsement.In(names).String(), stampMS(c.NotAfter)
		if now > c.NotAfter {
			n.State = client.ChildExpired
		}
	case c.Withdrawn != ledger.None && (!c.Open() || now > c.Until):
		n.State, n.Entry = client.ChildWithdrawn, c.Withdrawn.In(names).String()
	case !c.Open():
		n.State, n.Entry = client.ChildCancelled, c.Cancelled.In(names).String()
	default:
		n.State, n.Entry, n.Until, n.Anew = client.ChildInvited, c.Invitation.In(names).String(), stampMS(c.Until), c.Withdrawn != ledger.None
		if now > c.Until {
			n.State = client.ChildExpired
		}
	}
	return n
}
