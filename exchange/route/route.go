// Package route says where a message goes next, and which way it may have come.
//
// The tree of names is the map. A name below this jurisdiction is reached through the child that
// the name lies under; any other name is reached through the parent. So a message goes up to the
// lowest jurisdiction that both ends lie under, and down from there, and visits no jurisdiction
// twice. Where the child on the way is not there, the message goes nowhere: the parent would only
// send it back.
//
// The package is pure. It knows names and nothing of links, and does not judge whether a claimed
// origin is true: Allowed only keeps a neighbour from bringing messages of jurisdictions that are
// not reached through that neighbour. Example, seen from guiyang.guizhou with its child
// nanming.guiyang.guizhou and its parent guizhou:
//
//	to nanming.guiyang.guizhou      down to nanming.guiyang.guizhou
//	to zunyi.guizhou                up to guizhou
//	to baiyun.guiyang.guizhou       nowhere, for want of baiyun.guiyang.guizhou
package route

import (
	"slices"

	"xietong/certs/identity"
)

// Way is a direction.
type Way uint8

// The ways.
const (
	Nowhere Way = iota // no neighbour leads there
	Here               // it has arrived
	Down               // to a child
	Up                 // to the parent
)

// Step is where a message goes next.
type Step struct {
	Way Way
	// To is the neighbour. With Here, To is self; with Nowhere, To is the missing child, or zero if
	// self has no parent and is not above the destination.
	To identity.Jurisdiction
}

// Neighbours are the jurisdictions that a jurisdiction exchanges messages with.
type Neighbours struct {
	Parent identity.Jurisdiction            // zero: self is a root, or has not joined
	Child  func(identity.Jurisdiction) bool // whether the direct child is there
}

// Next returns where a message goes from self: down to the child that the destination lies under,
// or Nowhere while that child is not there; to the parent if the destination is not under self.
func Next(self identity.Jurisdiction, n Neighbours, destination identity.Jurisdiction) Step {
	switch {
	case destination == self:
		return Step{Here, self}
	case destination.Under(self):
		child := toward(self, destination)
		if n.Child(child) {
			return Step{Down, child}
		}
		return Step{Nowhere, child}
	case n.Parent.IsZero():
		return Step{}
	}
	return Step{Up, n.Parent}
}

// toward returns the child of self that the destination, which lies under self, lies under too.
func toward(self, destination identity.Jurisdiction) identity.Jurisdiction {
	for {
		parent, ok := destination.Parent()
		if !ok || parent == self {
			return destination
		}
		destination = parent
	}
}

// Path returns the jurisdictions that a message visits on its way between two jurisdictions, both
// included: up to the lowest jurisdiction that both lie under, and down. It returns nil if no
// jurisdiction is above both.
func Path(from, to identity.Jurisdiction) []identity.Jurisdiction {
	path, top, ok := []identity.Jurisdiction{from}, from, true
	for !to.Under(top) { // a name lies under itself
		if top, ok = top.Parent(); !ok {
			return nil
		}
		path = append(path, top)
	}
	turn := len(path)
	for below := to; below != top; below, _ = below.Parent() {
		path = append(path, below)
	}
	slices.Reverse(path[turn:])
	return path
}

// Allowed reports whether the peer may bring self a message of the origin. A child may bring
// messages of its own subtree, the parent (zero: none) messages from outside self's subtree, and
// any other peer none.
func Allowed(self, parent, peer, origin identity.Jurisdiction) bool {
	above, below := peer.Parent()
	switch {
	case peer.IsZero() || origin.IsZero():
		return false
	case below && above == self:
		return origin.Under(peer)
	case peer == parent:
		return !origin.Under(self)
	}
	return false
}

// Branch returns the branch of the tree, behind a peer, that an origin belongs to: the peer or a
// jurisdiction above it, or the one directly below such a jurisdiction under which the origin lies.
// So whoever makes up names below its own stays one branch, because a name says what it hangs from.
func Branch(peer, origin identity.Jurisdiction) identity.Jurisdiction {
	top := peer
	for !origin.Under(top) {
		above, ok := top.Parent()
		if !ok { // another tree
			return toward(identity.Jurisdiction{}, origin)
		}
		top = above
	}
	if origin == top {
		return origin
	}
	return toward(top, origin)
}

// Branches returns the names of the branch that an origin belongs to, and of the one within it: the
// jurisdiction directly below the branch under which the origin lies; "" where the origin is the
// branch itself. So a county that stands behind two others is told from its siblings.
func Branches(peer, origin identity.Jurisdiction) (branch, within string) {
	b := Branch(peer, origin)
	if origin == b {
		return b.String(), ""
	}
	return b.String(), toward(b, origin).String()
}
